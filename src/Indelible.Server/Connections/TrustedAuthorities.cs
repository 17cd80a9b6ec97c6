using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Indelible.Detection;

namespace Indelible.Server.Connections;

/// <summary>Certificates that a file of settings names in <c>ca</c>: who may vouch for whom the server connects to, in place of the system's.</summary>
internal static class TrustedAuthorities
{
    private const string Member = "ca";

    /// <summary>Reads them.</summary>
    /// <param name="map">The map that has the member.</param>
    /// <param name="folder">What a path is relative to; empty for the working folder.</param>
    /// <returns>Null where the member is not there.</returns>
    /// <exception cref="RuleFaultException">There is none in the file, or it cannot be read; of its content nothing is said.</exception>
    public static X509Certificate2Collection? Read(RuleMap map, string folder = "")
    {
        if (map.Text(Member) is not { } path)
        {
            return null;
        }

        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPemFile(Path.Combine(folder, path));
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new RuleFaultException(map.PlaceOf(Member), $"{Member}: {VisibleText.Excerpt(path)} cannot be read as certificates in PEM.");
        }

        return found.Count > 0 ? found : throw new RuleFaultException(map.PlaceOf(Member), $"{Member}: in {VisibleText.Excerpt(path)} is no certificate in PEM.");
    }

    /// <summary>How a certificate is judged by them. Whether it was revoked is not asked: an authority that does not answer would stop what is to be sent.</summary>
    /// <returns>Null, for the system's way, where there are none.</returns>
    public static X509ChainPolicy? PolicyOf(X509Certificate2Collection? authorities)
    {
        if (authorities is null)
        {
            return null;
        }

        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }
}

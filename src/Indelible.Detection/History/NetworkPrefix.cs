using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Indelible.Detection;

/// <summary>How many leading bits of an address count where addresses are compared by the network that they are in.</summary>
/// <param name="V4">Of an IPv4 address, 1 to 32.</param>
/// <param name="V6">Of an IPv6 address, 1 to 128. An IPv4 address inside IPv6 (<c>::ffff:…</c>) is the IPv4 address.</param>
public readonly record struct NetworkPrefix(int V4, int V6)
{
    private static readonly SearchValues<char> s_v6Characters = SearchValues.Create("0123456789abcdefABCDEF:.");

    /// <summary>The network of an address, as <c>203.0.113.0/24</c>; another text itself.</summary>
    /// <param name="text">Foreign.</param>
    public string NetworkOf(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (AddressOf(text) is not { } address)
        {
            return text;
        }

        int bits = address.AddressFamily == AddressFamily.InterNetwork ? V4 : V6;
        byte[] bytes = address.GetAddressBytes();
        for (int i = 0; i < bytes.Length; i++)
        {
            int kept = Math.Clamp(bits - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xFF << (8 - kept));
        }

        return string.Create(CultureInfo.InvariantCulture, $"{new IPAddress(bytes)}/{bits}");
    }

    /// <summary>Whether a text is one that <see cref="NetworkOf"/> makes of an address.</summary>
    internal static bool IsNetwork(string text)
    {
        int slash = text.LastIndexOf('/');
        return slash > 0 && AddressOf(text[..slash]) is not null && int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _);
    }

    /// <summary>An address as entries spell them: four decimal numbers, or groups with colons. What else .NET takes for one (<c>1</c>, <c>0x7f.1</c>, <c>[::1]</c>, a scope) is a text.</summary>
    private static IPAddress? AddressOf(string text)
    {
        if (text.Length is < 2 or > 45 || !IPAddress.TryParse(text, out IPAddress? address))
        {
            return null;
        }

        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return address.ToString() == text ? address : null;
        }

        return text.AsSpan().IndexOfAnyExcept(s_v6Characters) >= 0 ? null : address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }
}

using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace Indelible.AspNetCore.Requests;

/// <summary>From where a request comes. What a header says is believed only of proxies that are trusted by name.</summary>
internal sealed class ClientAddress
{
    private const int MostForwarded = 16;
    private const int LongestHeader = 4096;
    private readonly IPNetwork[] _trusted;

    public ClientAddress(IEnumerable<string> trusted)
    {
        _trusted = [.. trusted.Select(text => IPNetwork.TryParse(text, out IPNetwork network) ? network : Host(IPAddress.Parse(text)))];
    }

    /// <summary>Whether the headers are read at all.</summary>
    public bool Believes => _trusted.Length > 0;

    /// <summary>The client's address, and the chain as the headers state it where it was believed.</summary>
    /// <param name="peer">The other end of the connection.</param>
    /// <param name="headers">The request's headers.</param>
    /// <remarks>Read from the right: each trusted proxy vouches for the one address that it added, and the first that is not trusted is the client.</remarks>
    public (string? Ip, string[]? Chain) Resolve(IPAddress? peer, IHeaderDictionary headers)
    {
        if (peer is null || !IsTrusted(peer))
        {
            return (Canonical(peer), null);
        }

        string stated = headers["X-Forwarded-For"].ToString();
        if (stated.Length is 0 or > LongestHeader)
        {
            return (Canonical(peer), null);
        }

        string[] chain = stated.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        IPAddress client = peer;
        for (int i = chain.Length - 1; i >= 0 && TryParse(chain[i], out IPAddress? named); i--)
        {
            client = named;
            if (!IsTrusted(client))
            {
                break;
            }
        }

        string[] kept = [.. chain.TakeLast(MostForwarded).Select(item => Bounded.Text(item, 256)!)];
        return (Canonical(client), kept);
    }

    /// <summary>The address as the schema wants it: IPv4 as such even where it comes mapped into IPv6, no zone.</summary>
    public static string? Canonical(IPAddress? address)
    {
        if (address is null)
        {
            return null;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        return address is { AddressFamily: AddressFamily.InterNetworkV6, ScopeId: not 0 } ? new IPAddress(address.GetAddressBytes()).ToString() : address.ToString();
    }

    private static IPNetwork Host(IPAddress address) => new(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);

    /// <summary>Takes <c>192.0.2.7</c>, <c>192.0.2.7:4711</c>, <c>2001:db8::7</c> and <c>[2001:db8::7]:4711</c>.</summary>
    private static bool TryParse(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IPAddress? address)
    {
        address = null;
        if (IPEndPoint.TryParse(text, out IPEndPoint? point))
        {
            address = point.Address;
        }

        return address is not null;
    }

    private bool IsTrusted(IPAddress address)
    {
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        foreach (IPNetwork network in _trusted)
        {
            if (network.BaseAddress.AddressFamily == plain.AddressFamily && network.Contains(plain))
            {
                return true;
            }
        }

        return false;
    }
}

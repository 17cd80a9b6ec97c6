using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Storage;
using Indelible.Server.Problems;

namespace Indelible.Server.Limits;

/// <summary>How much a credential and an address may send in a second: requests, events, bytes, and keys that are not valid. Thread-safe.</summary>
/// <remarks>
/// Events and bytes are counted when they are known, after the body was read; a request is refused before that if earlier ones are still
/// owed for. An address is an IPv4 address or an IPv6 /64, which is what one customer of a network has.
/// </remarks>
internal sealed class RequestRates
{
    private readonly ServerMetrics _metrics;
    private readonly RateLimits _ofKeys;
    private readonly RateLimits _ofAddresses;
    private readonly long _failuresPerSecond;
    private readonly TokenBuckets _keyQueries;
    private readonly TokenBuckets _keyEvents;
    private readonly TokenBuckets _keyBytes;
    private readonly TokenBuckets _addressRequests;
    private readonly TokenBuckets _addressEvents;
    private readonly TokenBuckets _addressBytes;
    private readonly TokenBuckets _failures;

    /// <summary>Makes all buckets, full.</summary>
    public RequestRates(LogEngine engine, ServerOptions options, ServerMetrics metrics)
    {
        _metrics = metrics;
        _ofKeys = options.KeyRates;
        _ofAddresses = options.AddressRates;
        _failuresPerSecond = options.FailedAuthenticationsPerSecond;
        TokenBuckets New() => new(ServerLimits.RateBuckets, ServerLimits.RateBurst, engine.Time, RandomSource.System);
        (_keyQueries, _keyEvents, _keyBytes, _addressRequests, _addressEvents, _addressBytes, _failures) = (New(), New(), New(), New(), New(), New(), New());
    }

    /// <summary>Counts a request of any kind, before anything is known of it.</summary>
    /// <param name="address">Where from; null is one address as well.</param>
    /// <exception cref="ProblemException">429.</exception>
    public void CountRequest(IPAddress? address)
    {
        if (_ofAddresses.Queries is > 0 and var perSecond)
        {
            Demand("address-requests", perSecond, _addressRequests.TryTake(OwnerOf(address), perSecond, 1));
        }
    }

    /// <summary>Counts a request whose key is not valid. Only these are counted, and only they are refused: a valid key is let in whatever else its address sends.</summary>
    /// <param name="address">Where from.</param>
    /// <exception cref="ProblemException">429, in place of 401: there are too many from this address.</exception>
    public void CountFailure(IPAddress? address)
    {
        if (_failuresPerSecond > 0)
        {
            Demand("address-failed-authentications", _failuresPerSecond, _failures.TryTake(OwnerOf(address), _failuresPerSecond, 1));
        }
    }

    /// <summary>Counts a request that reads.</summary>
    /// <param name="keyId">The caller's key.</param>
    /// <param name="own">The key's own limits; null for the node's.</param>
    /// <exception cref="ProblemException">429.</exception>
    public void CountQuery(string keyId, RateLimits? own = null)
    {
        if ((own?.Queries ?? _ofKeys.Queries) is > 0 and var perSecond)
        {
            Demand("key-queries", perSecond, _keyQueries.TryTake(_keyQueries.OwnerOf(keyId), perSecond, 1));
        }
    }

    /// <summary>Refuses a request to append, before its body is read, if what was sent before is still owed for.</summary>
    /// <param name="keyId">The caller's key.</param>
    /// <param name="address">Where from.</param>
    /// <param name="own">The key's own limits; null for the node's.</param>
    /// <exception cref="ProblemException">429.</exception>
    public void AdmitAppend(string keyId, IPAddress? address, RateLimits? own = null)
    {
        Look("key-events", own?.Events ?? _ofKeys.Events, _keyEvents, keyId);
        Look("key-bytes", own?.Bytes ?? _ofKeys.Bytes, _keyBytes, keyId);
        Look("address-events", _ofAddresses.Events, _addressEvents, address);
        Look("address-bytes", _ofAddresses.Bytes, _addressBytes, address);
    }

    /// <summary>Counts what was sent to append: bytes when they were read, events when they were told apart.</summary>
    /// <param name="keyId">The caller's key.</param>
    /// <param name="address">Where from.</param>
    /// <param name="events">How many events.</param>
    /// <param name="bytes">How many bytes.</param>
    /// <param name="own">The key's own limits; null for the node's.</param>
    public void CountAppend(string keyId, IPAddress? address, int events, long bytes, RateLimits? own = null)
    {
        Take(own?.Events ?? _ofKeys.Events, _keyEvents, keyId, events);
        Take(own?.Bytes ?? _ofKeys.Bytes, _keyBytes, keyId, bytes);
        Take(_ofAddresses.Events, _addressEvents, address, events);
        Take(_ofAddresses.Bytes, _addressBytes, address, bytes);
    }

    /// <summary>An address as the owner of a bucket: IPv4 as a whole, of IPv6 the first 64 bits.</summary>
    internal static ulong OwnerOf(IPAddress? address)
    {
        // Beside IPv4 there is only multicast below ffff:ffff::, which nobody calls from.
        const ulong OfIPv4 = 0xFFFF_FFFF_0000_0000;
        if (address is null)
        {
            return ulong.MaxValue;
        }

        Span<byte> bytes = stackalloc byte[16];
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        plain.TryWriteBytes(bytes, out _);
        return plain.AddressFamily == AddressFamily.InterNetwork ? OfIPv4 | BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }

    private static void Take(long? rate, TokenBuckets buckets, string keyId, long cost)
    {
        if (rate is > 0 and var perSecond)
        {
            buckets.Take(buckets.OwnerOf(keyId), perSecond, cost);
        }
    }

    private static void Take(long? rate, TokenBuckets buckets, IPAddress? address, long cost)
    {
        if (rate is > 0 and var perSecond)
        {
            buckets.Take(OwnerOf(address), perSecond, cost);
        }
    }

    private void Look(string limit, long? rate, TokenBuckets buckets, string keyId)
    {
        if (rate is > 0 and var perSecond)
        {
            Demand(limit, perSecond, buckets.TryTake(buckets.OwnerOf(keyId), perSecond, 0));
        }
    }

    private void Look(string limit, long? rate, TokenBuckets buckets, IPAddress? address)
    {
        if (rate is > 0 and var perSecond)
        {
            Demand(limit, perSecond, buckets.TryTake(OwnerOf(address), perSecond, 0));
        }
    }

    private void Demand(string limit, long perSecond, TimeSpan wait)
    {
        if (wait > TimeSpan.Zero)
        {
            _metrics.Limited(limit);
            throw new ProblemException(Problem.RateLimited(limit, perSecond, wait));
        }
    }
}

using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Indelible.Engine;
using Indelible.Engine.Access;

namespace Indelible.Server.Access.Sessions;

/// <summary>The sessions of this node, in memory alone: a restart signs everybody out, and another node knows none of them.</summary>
/// <remarks>
/// <para>A token is 32 random bytes in base64url, in a cookie. Only its SHA-256 is kept: who reads this memory, or a dump of it, cannot show the token.</para>
/// <para>
/// After <see cref="ServerLimits.SessionTokenLife"/> the answers to whoever shows a token carry its successor: HMAC-SHA256 of the token under a nonce of the session, so that
/// requests which run side by side get the same one without its being kept, and an answer that is lost loses nothing. The first use of the successor ends the token, but for
/// requests under way. A token shown after that is a copy, the browser's or the thief's: the session ends for both.
/// </para>
/// <para>Thread-safe; one lock, held for no longer than a look into a table.</para>
/// </remarks>
internal sealed class SessionTable(LogEngine engine)
{
    private const int TokenBytes = 32;
    private const int IdBytes = 8;

    private readonly Lock _lock = new();
    private readonly HashSet<Session> _open = [];   // under _lock
    private readonly Dictionary<(string CredentialId, string Principal), List<Session>> _byOwner = [];   // under _lock; the open ones
    private readonly Dictionary<string, Session> _byToken = new(StringComparer.Ordinal);   // under _lock; those that ended lately as well, so that it can be said why
    private readonly Queue<Session> _over = [];   // under _lock; the oldest first
    private readonly Channel<Session> _untold = Channel.CreateUnbounded<Session>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Sessions that ended by themselves, to be entered in <c>_access</c>. Whoever signs out enters it himself.</summary>
    public ChannelReader<Session> Untold => _untold.Reader;

    /// <summary>Whether text has the form of a token; says nothing about its being one.</summary>
    public static bool HasForm(string text) => text.Length == Base64Url.GetEncodedLength(TokenBytes) && Base64Url.IsValid(text);

    /// <summary>Makes a session for somebody who has shown a credential. Good for nothing before it is opened.</summary>
    /// <param name="caller">Who.</param>
    /// <param name="token">What his browser is to show.</param>
    public Session Make(Caller caller, out string token)
    {
        token = Draw(TokenBytes);
        Span<byte> id = stackalloc byte[IdBytes];
        engine.Random.Fill(id);
        return new Session("s-" + Convert.ToHexStringLower(id), caller, Draw(TokenBytes), HashOf(token), engine.Time.GetUtcNow());
    }

    /// <summary>Opens a session. Where its credential has as many as it may, or the node has, the one unused for longest ends.</summary>
    public void Open(Session session)
    {
        lock (_lock)
        {
            if (_byOwner.TryGetValue((session.CredentialId, session.Principal), out List<Session>? own) && own.Count >= ServerLimits.SessionsPerCredential)
            {
                MakeRoom(own);
            }

            if (_open.Count >= ServerLimits.Sessions)
            {
                MakeRoom(_open);
            }

            _open.Add(session);
            _byToken.Add(session.Current, session);
            (CollectionsMarshal.GetValueRefOrAddDefault(_byOwner, (session.CredentialId, session.Principal), out _) ??= []).Add(session);
        }
    }

    /// <summary>The session that a token is of, ended (see <see cref="Session.End"/>) or not.</summary>
    /// <param name="token">Untrusted. One that was not made here is of no session: nothing is ever made of what a browser shows.</param>
    /// <returns>Null where there is none, or it ended long ago.</returns>
    public Session? Find(string token)
    {
        DateTimeOffset now = engine.Time.GetUtcNow();
        string hash = HashOf(token);
        lock (_lock)
        {
            if (!_byToken.TryGetValue(hash, out Session? session))
            {
                return null;
            }

            EndIfOver(session, now);
            if (session.End is null && !session.Accepts(hash, now))
            {
                EndCore(session, SessionEnd.Copied);
            }

            return session;
        }
    }

    /// <summary>Notes that a session is used.</summary>
    /// <param name="session">Found by the token, and open.</param>
    /// <param name="token">The token.</param>
    /// <returns>The token's successor, where it is time to hand it out.</returns>
    public string? Use(Session session, string token)
    {
        DateTimeOffset now = engine.Time.GetUtcNow();
        string hash = HashOf(token);
        lock (_lock)
        {
            session.Use(now);
            if (session.End is not null || hash != session.Current || now - session.CurrentSince < ServerLimits.SessionTokenLife)
            {
                return null;
            }

            byte[] nonce = session.Successor?.Nonce ?? NewNonce();
            string successor = Base64Url.EncodeToString(HMACSHA256.HashData(nonce, Encoding.ASCII.GetBytes(token)));
            if (session.Successor is null)
            {
                string next = HashOf(successor);
                session.Successor = (nonce, next);
                session.Tokens.Add(next);
                _byToken.Add(next, session);
            }

            return successor;
        }
    }

    /// <summary>Ends a session.</summary>
    /// <returns>False where it had ended already.</returns>
    public bool End(Session session, SessionEnd why)
    {
        lock (_lock)
        {
            return EndCore(session, why);
        }
    }

    /// <summary>Ends the sessions that have reached a limit or whose credential is good no longer.</summary>
    public void EndThoseOver()
    {
        DateTimeOffset now = engine.Time.GetUtcNow();
        Authorities authorities = engine.Authorities;
        lock (_lock)
        {
            foreach (Session session in _open.ToArray())
            {
                EndIfOver(session, now);
                if (session.End is null && authorities.Of(session.CredentialId, session.Principal, now) is null)
                {
                    EndCore(session, SessionEnd.Credential);
                }
            }
        }
    }

    private void MakeRoom(IReadOnlyCollection<Session> among)
    {
        Session unused = among.MinBy(session => session.Used)!;
        EndCore(unused, unused.LimitAt(engine.Time.GetUtcNow()) ?? SessionEnd.Crowded);
    }

    private void EndIfOver(Session session, DateTimeOffset now)
    {
        if (session.End is null && session.LimitAt(now) is { } limit)
        {
            EndCore(session, limit);
        }
    }

    private bool EndCore(Session session, SessionEnd why)
    {
        if (!_open.Remove(session))
        {
            return false;
        }

        List<Session> own = _byOwner[(session.CredentialId, session.Principal)];
        own.Remove(session);
        if (own.Count == 0)
        {
            _byOwner.Remove((session.CredentialId, session.Principal));
        }

        session.EndAs(why);
        if (why != SessionEnd.SignedOut)
        {
            _untold.Writer.TryWrite(session);
        }

        _over.Enqueue(session);
        if (_over.Count > ServerLimits.SessionsRemembered)
        {
            foreach (string token in _over.Dequeue().Tokens)
            {
                _byToken.Remove(token);
            }
        }

        return true;
    }

    private static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    private byte[] NewNonce()
    {
        byte[] nonce = new byte[TokenBytes];
        engine.Random.Fill(nonce);
        return nonce;
    }

    private string Draw(int bytes)
    {
        Span<byte> chance = stackalloc byte[bytes];
        engine.Random.Fill(chance);
        return Base64Url.EncodeToString(chance);
    }
}

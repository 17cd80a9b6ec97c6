namespace Indelible.Server.Access.Sessions;

/// <summary>What a browser shows in a credential's place, between a sign-in and its end. Of its tokens only hashes are kept.</summary>
/// <remarks>
/// <para>
/// A session knows of the sign-in who it was, with what, and when that ends: what <see cref="Caller"/> says. Whoever finds out a caller in another way (OpenID Connect,
/// say) has all that it takes to open one.
/// </para>
/// <para>Immutable but for what <see cref="SessionTable"/> changes under its lock. What is read without it says so.</para>
/// </remarks>
internal sealed class Session
{
    private readonly TaskCompletionSource<SessionEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DateTimeOffset? _credentialEnds;
    private long _usedTicks;   // written under the table's lock, read anywhere

    /// <param name="id">Its public id.</param>
    /// <param name="caller">Who signs in.</param>
    /// <param name="csrf">The token of its forms.</param>
    /// <param name="token">The hash of its first token.</param>
    /// <param name="now">When.</param>
    public Session(string id, Caller caller, string csrf, string token, DateTimeOffset now)
    {
        Id = id;
        Principal = caller.Principal;
        CredentialId = caller.CredentialId;
        Tenant = caller.Authority.Tenant;
        Csrf = csrf;
        Started = now;
        Current = token;
        CurrentSince = now;
        _credentialEnds = caller.Ends;
        _usedTicks = now.UtcTicks;
        Tokens.Add(token);
    }

    /// <summary>Its public id, as entries name it: drawn by itself, so that it tells nothing of a token.</summary>
    public string Id { get; }

    /// <summary>Whose it is.</summary>
    public string Principal { get; }

    /// <summary>What he signed in with; the session is good for nothing once that is not.</summary>
    public string CredentialId { get; }

    /// <summary>His tenant; null for the node.</summary>
    public string? Tenant { get; }

    /// <summary>What a request that changes something shows beside the cookie, which browsers send by themselves.</summary>
    public string Csrf { get; }

    /// <summary>When he signed in.</summary>
    public DateTimeOffset Started { get; }

    /// <summary>When it ends at the latest, however much it is used.</summary>
    public DateTimeOffset Expires => _credentialEnds < Limit ? _credentialEnds.Value : Limit;

    /// <summary>When it was used last. Anybody may read it.</summary>
    public DateTimeOffset Used => new(Volatile.Read(ref _usedTicks), TimeSpan.Zero);

    /// <summary>Completes with the reason when it has ended. Anybody may wait for it.</summary>
    public Task<SessionEnd> Ended => _end.Task;

    /// <summary>Why it ended; null while it has not. Anybody may read it.</summary>
    public SessionEnd? End => _end.Task.IsCompleted ? _end.Task.Result : null;

    /// <summary>When it ends if it is not used any more. Anybody may read it.</summary>
    public DateTimeOffset Until => Next().At;

    /// <summary>The hash of the token that counts. The table's.</summary>
    public string Current { get; private set; }

    /// <summary>When that token took the place of the last. The table's.</summary>
    public DateTimeOffset CurrentSince { get; private set; }

    /// <summary>What the current token's successor is made with, and its hash; null where none was handed out. The table's.</summary>
    public (byte[] Nonce, string Hash)? Successor { get; set; }

    /// <summary>The hashes of all tokens that it had, so that a copy of an old one is noticed. The table's.</summary>
    public List<string> Tokens { get; } = [];

    private DateTimeOffset Limit => Started + ServerLimits.SessionLife;

    private (string Hash, DateTimeOffset Until)? Previous { get; set; }

    /// <summary>Whether it is good for a moment: not ended, and no limit reached. Anybody may ask.</summary>
    public bool IsOpen(DateTimeOffset now) => End is null && now < Until;

    /// <summary>The limit that it has reached; null for none.</summary>
    public SessionEnd? LimitAt(DateTimeOffset now) => Next() is var (end, at) && at <= now ? end : null;

    /// <summary>Takes a token that was the session's at some time. The table's.</summary>
    /// <returns>Whether it still counts: it is the current one, its successor (which thereby replaces it), or the one before, for requests under way.</returns>
    public bool Accepts(string hash, DateTimeOffset now)
    {
        if (Successor is { } successor && hash == successor.Hash)
        {
            Previous = (Current, now + ServerLimits.SessionTokenGrace);
            Current = hash;
            CurrentSince = now;
            Successor = null;
        }

        return hash == Current || (Previous is { } previous && hash == previous.Hash && now < previous.Until);
    }

    /// <summary>Notes a use. The table's.</summary>
    public void Use(DateTimeOffset now) => Volatile.Write(ref _usedTicks, now.UtcTicks);

    /// <summary>Ends it. The table's.</summary>
    public void EndAs(SessionEnd end) => _end.SetResult(end);

    private (SessionEnd End, DateTimeOffset At) Next()
    {
        (SessionEnd, DateTimeOffset At) idle = (SessionEnd.Idle, Used + ServerLimits.SessionIdle);
        (SessionEnd, DateTimeOffset At) next = idle.At <= Limit ? idle : (SessionEnd.Limit, Limit);
        return _credentialEnds < next.At ? (SessionEnd.Credential, _credentialEnds.Value) : next;
    }
}

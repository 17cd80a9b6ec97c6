namespace Indelible.Events.Producing;

/// <summary>What was done, in the fewest words.</summary>
public enum Operation
{
    /// <summary><c>create</c></summary>
    Create,

    /// <summary><c>read</c></summary>
    Read,

    /// <summary><c>update</c></summary>
    Update,

    /// <summary><c>delete</c></summary>
    Delete,

    /// <summary><c>list</c></summary>
    List,

    /// <summary><c>search</c></summary>
    Search,

    /// <summary><c>execute</c></summary>
    Execute,

    /// <summary><c>login</c></summary>
    Login,

    /// <summary><c>logout</c></summary>
    Logout,

    /// <summary><c>grant</c></summary>
    Grant,

    /// <summary><c>revoke</c></summary>
    Revoke,

    /// <summary><c>approve</c></summary>
    Approve,

    /// <summary><c>reject</c></summary>
    Reject,

    /// <summary><c>export</c></summary>
    Export,

    /// <summary><c>import</c></summary>
    Import,

    /// <summary><c>share</c></summary>
    Share,

    /// <summary><c>move</c></summary>
    Move,

    /// <summary><c>enable</c></summary>
    Enable,

    /// <summary><c>disable</c></summary>
    Disable,

    /// <summary><c>connect</c></summary>
    Connect,

    /// <summary><c>other</c></summary>
    Other,
}

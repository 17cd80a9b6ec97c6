namespace Indelible.Server.Alerts;

/// <summary>How an alert stands.</summary>
public enum AlertState
{
    /// <summary>Nobody has said that he has seen it.</summary>
    Open,

    /// <summary>Somebody has.</summary>
    Acknowledged,

    /// <summary>It was suppressed, or something like it was when it was raised: nobody is told.</summary>
    Suppressed,

    /// <summary>It is over.</summary>
    Closed,
}

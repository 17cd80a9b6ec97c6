using Indelible.Client.Recording;
using Indelible.Events.Producing;

namespace Indelible.AspNetCore;

/// <summary>Requests that are recorded because of their route.</summary>
/// <remarks>
/// The pattern is compared with the endpoint's route template, or with the path where no endpoint answers, segment by segment and without regard to case. <c>*</c> and
/// <c>{anything}</c> stand for one segment, <c>**</c> at the end for all that follow. Of several that match, the first one in <see cref="AuditOptions.Routes"/> counts.
/// Requests that only read (GET, HEAD, OPTIONS) are recorded where <see cref="Methods"/> names them or <see cref="Classification"/> is set.
/// </remarks>
public sealed class AuditRoute
{
    /// <summary>As in <c>/api/patients/{id}</c> or <c>/admin/**</c>.</summary>
    public required string Pattern { get; set; }

    /// <summary>The methods it is for; none for all, as the remarks say.</summary>
    public IList<string> Methods { get; } = [];

    /// <summary>The action; null for a name made from the method.</summary>
    public string? Action { get; set; }

    /// <summary>What sort of thing it is done to.</summary>
    public string? Target { get; set; }

    /// <summary>The route value that holds the target's id.</summary>
    public string? TargetId { get; set; }

    /// <summary>The route value that holds the pseudonymous id of the person whom the data is about.</summary>
    public string? DataSubject { get; set; }

    /// <summary>How much the target's contents are to be guarded.</summary>
    public Classification? Classification { get; set; }

    /// <summary>How it is delivered; see <see cref="AuditAttribute.Mode"/>.</summary>
    public DeliveryMode? Mode { get; set; }
}

using Microsoft.CodeAnalysis;

namespace Indelible.Client.Generators;

/// <summary>What can be wrong with a catalogue, each with its id and sentence.</summary>
internal static class CatalogueRules
{
    public static readonly DiagnosticDescriptor NotPartialClass = Rule(
        "IND001", "The catalogue must be a static partial class", "{0} must be a static partial class, not nested in another type, so that the bodies of its events can be written");

    public static readonly DiagnosticDescriptor NotPartialMethod = Rule(
        "IND002", "An event must be a static partial method that returns EventDraft", "{0} must be a static partial method without a body that returns EventDraft and is not generic");

    public static readonly DiagnosticDescriptor BadAction = Rule(
        "IND003", "An action must be dotted and lower case", "The action '{0}' must be one to eight words of a-z and 0-9, joined by '.', '_' or '-', at most 128 characters: invoice.refund");

    public static readonly DiagnosticDescriptor NoTarget = Rule(
        "IND004", "An event about data must name what it was done to", "{0} is of the category {1} and names nothing that it was done to: give it a parameter with [AuditTarget(\"…\")]");

    public static readonly DiagnosticDescriptor NoRole = Rule(
        "IND005", "A parameter must say what it is", "The parameter '{0}' must have exactly one of [AuditTarget], [AuditData], [AuditLabel], [AuditReason], [AuditTicket], [AuditActor] and [AuditSubject]");

    public static readonly DiagnosticDescriptor BadType = Rule(
        "IND006", "A parameter's type must be one that can be recorded", "The parameter '{0}' is of the type {1}; {2}");

    public static readonly DiagnosticDescriptor NoReason = Rule(
        "IND007", "An event that must say why needs a reason", "{0} must say why (RequiresReason), and has no parameter with [AuditReason]");

    public static readonly DiagnosticDescriptor SameAction = Rule(
        "IND008", "An action belongs to one event of a catalogue", "The action '{0}' is {1}'s already");

    public static readonly DiagnosticDescriptor Twice = Rule(
        "IND009", "A reason, ticket or actor is given once", "{0} has {1}");

    private static DiagnosticDescriptor Rule(string id, string title, string message) => new(id, title, message, "Indelible", DiagnosticSeverity.Error, isEnabledByDefault: true);
}

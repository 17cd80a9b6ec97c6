using Indelible.Events.Producing;

namespace Indelible.Client.Recording.Catalogues;

/// <summary>A static partial class that lists an application's events; the generator that comes with this package writes its methods' bodies.</summary>
/// <remarks>
/// <code>
/// [AuditCatalogue]
/// public static partial class InvoiceAudit
/// {
///     [AuditAction("invoice.refund", Category.DataChange, Operation.Update, Mode = DeliveryMode.Guaranteed)]
///     public static partial EventDraft Refunded([AuditTarget("invoice")] string invoiceId, [AuditData] decimal amount, [AuditReason] string reason);
/// }
/// </code>
/// </remarks>
[AttributeUsage(AttributeTargets.Class)]
public sealed class AuditCatalogueAttribute : Attribute;

/// <summary>An event of a catalogue: a static partial method that returns an <see cref="EventDraft"/>. Every parameter says by an attribute what it is.</summary>
/// <param name="action">Dotted and lower case.</param>
/// <param name="category">What it is about. Categories of data (access, change, file) need a parameter with <see cref="AuditTargetAttribute"/>.</param>
/// <param name="operation">What is done.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AuditActionAttribute(string action, Category category, Operation operation) : Attribute
{
    /// <summary>The action.</summary>
    public string Action { get; } = action;

    /// <summary>What it is about.</summary>
    public Category Category { get; } = category;

    /// <summary>What is done.</summary>
    public Operation Operation { get; } = operation;

    /// <summary>How it is delivered, where the options say nothing of the action.</summary>
    public DeliveryMode Mode { get; set; }

    /// <summary>Whether it must say why: a parameter with <see cref="AuditReasonAttribute"/> is then required.</summary>
    public bool RequiresReason { get; set; }

    /// <summary>One sentence for people, the same for every event.</summary>
    public string? Message { get; set; }
}

/// <summary>The parameter is the id of what it is done to.</summary>
/// <param name="type">What sort of thing, lower snake case.</param>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class AuditTargetAttribute(string type) : Attribute
{
    /// <summary>What sort of thing.</summary>
    public string Type { get; } = type;
}

/// <summary>The parameter is a value of the application's own, found under <c>data</c>.</summary>
/// <param name="name">Its name; the parameter's in lower snake case where none is given.</param>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class AuditDataAttribute(string? name = null) : Attribute
{
    /// <summary>Its name, or null for the parameter's.</summary>
    public string? Name { get; } = name;
}

/// <summary>The parameter is a short text of the application's own, found under <c>labels</c>.</summary>
/// <param name="name">Its name; the parameter's in lower snake case where none is given.</param>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class AuditLabelAttribute(string? name = null) : Attribute
{
    /// <summary>Its name, or null for the parameter's.</summary>
    public string? Name { get; } = name;
}

/// <summary>The parameter says why it is done.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class AuditReasonAttribute : Attribute;

/// <summary>The parameter is the ticket that asks for it. Needs a parameter with <see cref="AuditReasonAttribute"/> beside it.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class AuditTicketAttribute : Attribute;

/// <summary>The parameter is the id of who does it; without one it is the actor at hand.</summary>
/// <param name="type">What sort of actor.</param>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class AuditActorAttribute(ActorType type = ActorType.User) : Attribute
{
    /// <summary>What sort of actor.</summary>
    public ActorType Type { get; } = type;
}

/// <summary>The parameter is the pseudonymous id of a person whom the data is about.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class AuditSubjectAttribute : Attribute;

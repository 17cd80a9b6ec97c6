using Indelible.Client.Recording;
using Indelible.Events.Producing;

namespace Indelible.AspNetCore;

/// <summary>Says that requests to an endpoint are recorded, and as what. On a controller, an action, a page model or its handler, a minimal handler, a gRPC service or method, a hub or its method.</summary>
/// <remarks>
/// Attributes add up, from the class to the method: what the nearer one leaves open, the further one says.
/// <code>[Audit("invoice.refund", Target = "invoice", Mode = DeliveryMode.Guaranteed)]</code>
/// </remarks>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method | AttributeTargets.Delegate, AllowMultiple = false, Inherited = true)]
public sealed class AuditAttribute : Attribute
{
    private Classification? _classification;
    private DeliveryMode? _mode;
    private Category? _category;
    private Operation? _operation;

    /// <summary>Recorded as <c>http.</c> and the method, <c>signalr.invoke</c> or the like.</summary>
    public AuditAttribute()
    {
    }

    /// <summary>Recorded as an action of the application's own.</summary>
    /// <param name="action">Dotted and lower case: <c>invoice.refund</c>.</param>
    /// <exception cref="ArgumentException">That is no action's name.</exception>
    public AuditAttribute(string action)
    {
        ActionName.ThrowIfNot(action);
        Action = action;
    }

    /// <summary>The action; null for a name made from the method.</summary>
    public string? Action { get; }

    /// <summary>What sort of thing it is done to, lower snake case: <c>invoice</c>.</summary>
    /// <exception cref="ArgumentException">It is no such name.</exception>
    public string? Target
    {
        get;
        set
        {
            if (value is not null)
            {
                ActionName.ThrowIfNoType(value);
            }

            field = value;
        }
    }

    /// <summary>The route value that holds the target's id; null for <c>id</c>, or else the last one of the route. Of a hub method: the parameter's name.</summary>
    public string? TargetId { get; set; }

    /// <summary>The route value (of a hub method: the parameter) that holds the pseudonymous id of the person whom the data is about.</summary>
    public string? DataSubject { get; set; }

    /// <summary>How much the target's contents are to be guarded.</summary>
    public Classification Classification
    {
        get => _classification ?? Classification.Internal;
        set => _classification = value;
    }

    /// <summary>
    /// How it is delivered. <see cref="DeliveryMode.Guaranteed"/> here means more than in a call: an intent is recorded before the handler runs, and without its receipt
    /// the request is refused with 503. Unset: what is configured for the action.
    /// </summary>
    public DeliveryMode Mode
    {
        get => _mode ?? DeliveryMode.Durable;
        set => _mode = value;
    }

    /// <summary>What it is about. Unset: what the catalogue says of a named action; for others by the method.</summary>
    public Category Category
    {
        get => _category ?? Category.Application;
        set => _category = value;
    }

    /// <summary>What was done. Unset: the action's last word where that is an operation, else by the method.</summary>
    public Operation Operation
    {
        get => _operation ?? Operation.Other;
        set => _operation = value;
    }

    /// <summary>Whether it was said of a group of endpoints rather than of one.</summary>
    internal bool OfMany { get; set; }

    internal Classification? ClassificationIfSet => _classification;

    internal DeliveryMode? ModeIfSet => _mode;

    internal Category? CategoryIfSet => _category;

    internal Operation? OperationIfSet => _operation;
}

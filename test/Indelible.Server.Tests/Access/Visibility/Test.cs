namespace Indelible.Server.Tests.Access.Visibility;

/// <summary>A question about one event: as a query, and as its answer worked out here.</summary>
internal abstract record Test
{
    /// <summary>It in the query language.</summary>
    public abstract string Text(Names names);

    /// <summary>Its answer.</summary>
    /// <param name="what">The event.</param>
    /// <param name="seen">The values that whoever asks sees of it.</param>
    public abstract bool Holds(Happening what, Seen seen);

    /// <summary>The questions that it is made of, in their order; and whether each is to be answered no.</summary>
    public virtual IEnumerable<(Test Of, bool IsNegated)> Leaves(bool isNegated = false) => [(this, isNegated)];
}

/// <summary>What somebody sees of an event's personal values; null where there is none, or he does not see it.</summary>
/// <param name="Name">The actor's name.</param>
/// <param name="Email">The actor's address.</param>
/// <param name="Secret">The secret.</param>
/// <param name="Names">How they are called.</param>
internal sealed record Seen(string? Name, string? Email, string? Secret, Names Names);

internal sealed record FactTest(int Field, int Value) : Test
{
    public override string Text(Names names) => $"{Fields.All[Field].Path}:{Fields.All[Field].Values[Value]}";

    public override bool Holds(Happening what, Seen seen) => what.FactOf(Field) == Value && Fields.All[Field].Values[Value] != "no-such";
}

internal enum PersonalTestKind
{
    Name,
    Email,
    Secret,
    NameIsThere,
    SecretIsThere,
    Anywhere,
}

internal sealed record PersonalTest(PersonalTestKind Kind, int Person) : Test
{
    public override string Text(Names names) => Kind switch
    {
        PersonalTestKind.Name => $"actor.name:{names.NameOf(Person)}",
        PersonalTestKind.Email => $"actor.email=\"{names.EmailOf(Person)}\"",
        PersonalTestKind.Secret => $"data.secret:\"{names.SecretOf(Person)}\"",
        PersonalTestKind.NameIsThere => "exists(actor.name)",
        PersonalTestKind.SecretIsThere => "data.secret:*",
        _ => names.NameOf(Person),
    };

    public override bool Holds(Happening what, Seen seen) => Kind switch
    {
        PersonalTestKind.Name => seen.Name?.Split(' ')[0] == seen.Names.NameOf(Person),
        PersonalTestKind.Email => seen.Email == seen.Names.EmailOf(Person),
        PersonalTestKind.Secret => seen.Secret == seen.Names.SecretOf(Person),
        PersonalTestKind.NameIsThere => what.Person != Happening.Nobody,
        PersonalTestKind.SecretIsThere => what.HasSecret,
        _ => seen.Name?.Split(' ')[0] == seen.Names.NameOf(Person),
    };
}

internal sealed record NotTest(Test Of) : Test
{
    public override string Text(Names names) => $"NOT ({Of.Text(names)})";

    public override bool Holds(Happening what, Seen seen) => !Of.Holds(what, seen);

    public override IEnumerable<(Test Of, bool IsNegated)> Leaves(bool isNegated = false) => Of.Leaves(!isNegated);
}

internal sealed record BothTest(Test A, Test B) : Test
{
    public override string Text(Names names) => $"({A.Text(names)}) ({B.Text(names)})";

    public override bool Holds(Happening what, Seen seen) => A.Holds(what, seen) && B.Holds(what, seen);

    public override IEnumerable<(Test Of, bool IsNegated)> Leaves(bool isNegated = false) => A.Leaves(isNegated).Concat(B.Leaves(isNegated));
}

internal sealed record EitherTest(Test A, Test B) : Test
{
    public override string Text(Names names) => $"({A.Text(names)}) OR ({B.Text(names)})";

    public override bool Holds(Happening what, Seen seen) => A.Holds(what, seen) || B.Holds(what, seen);

    public override IEnumerable<(Test Of, bool IsNegated)> Leaves(bool isNegated = false) => A.Leaves(isNegated).Concat(B.Leaves(isNegated));
}

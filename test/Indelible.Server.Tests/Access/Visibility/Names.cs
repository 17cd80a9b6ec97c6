using System.Globalization;

namespace Indelible.Server.Tests.Access.Visibility;

/// <summary>What is called how in one world; no other world uses the same, so that a value found in an answer tells where it is from.</summary>
internal sealed class Names(int world)
{
    private readonly string _mark = "w" + world.ToString(CultureInfo.InvariantCulture);

    /// <summary>What every name of a log or principal begins with.</summary>
    public string Mark => _mark;

    public string TenantOf(int log) => _mark + "ab"[log / World.LogsPerTenant];

    public string LogOf(int log) => $"{TenantOf(log)}.{((string[])["one", "two"])[log % World.LogsPerTenant]}";

    public string MemberOf(int member) => member < 4 ? $"{TenantOf(member)}/m{member}" : $"{_mark}-node";

    /// <summary>The tenant of a member; null for the node.</summary>
    public string? TenantOfMember(int member) => member < 4 ? TenantOf(member) : null;

    public string PatternOf(int pattern) => pattern < 4 ? LogOf(pattern) : pattern < 6 ? TenantOf((pattern - 4) * World.LogsPerTenant) + ".*" : "*";

    /// <summary>A person's name: one word of nobody else's.</summary>
    public string NameOf(int person) => $"Na{_mark}p{person}e";

    public string EmailOf(int person) => $"em{_mark}p{person}@mail.example";

    public string SecretOf(int person) => $"se{_mark}p{person}t";

    /// <summary>A session of a person's, which is as secret as <see cref="SecretOf"/>.</summary>
    public string SessionOf(int person) => $"ss{_mark}p{person}n";

    /// <summary>What in an answer would give an event's name away: the person's, and this event's own.</summary>
    public string FullNameOf(int person, int log, int index) => $"{NameOf(person)} Un{_mark}l{log}i{index}q";
}

using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Infrastructure;

namespace Indelible.AspNetCore.Decisions;

/// <summary>Names for policies and requirements, as an auditor reads them.</summary>
internal static class RequirementNames
{
    private const int Longest = 256;

    /// <summary>What an endpoint asks for: its policies by name, its roles as <c>roles:a,b</c>; null where it asks for neither.</summary>
    public static string? Of(IReadOnlyList<IAuthorizeData> data)
    {
        if (data.Count == 0)
        {
            return null;
        }

        var names = new List<string>();
        foreach (IAuthorizeData item in data)
        {
            if (item.Policy is { Length: > 0 } policy)
            {
                names.Add(policy);
            }

            if (item.Roles is { Length: > 0 } roles)
            {
                names.Add("roles:" + roles);
            }
        }

        return names.Count == 0 ? "authenticated" : Bounded.Text(string.Join("; ", names.Distinct(StringComparer.Ordinal)), Longest);
    }

    /// <summary>Requirements by name; null for none.</summary>
    public static string? Of(IEnumerable<IAuthorizationRequirement> requirements) =>
        Bounded.Text(string.Join("; ", requirements.Select(Of)), Longest);

    /// <summary>What was not met; where a handler failed outright, which the framework tells of without a requirement, that handler.</summary>
    public static string? Of(AuthorizationFailure failure) =>
        Of(failure.FailedRequirements) ?? Bounded.Text(string.Join("; ", failure.FailureReasons.Select(reason => Without(reason.Handler.GetType().Name, "Handler")).Distinct(StringComparer.Ordinal)), Longest);

    private static string Without(string name, string ending) => name.EndsWith(ending, StringComparison.Ordinal) && name.Length > ending.Length ? name[..^ending.Length] : name;

    private static string Of(IAuthorizationRequirement requirement) => requirement switch
    {
        DenyAnonymousAuthorizationRequirement => "authenticated",
        RolesAuthorizationRequirement roles => "roles:" + string.Join(',', roles.AllowedRoles),
        ClaimsAuthorizationRequirement { AllowedValues: { } values } claims when values.Any() => $"claim:{claims.ClaimType}={string.Join(',', values)}",
        ClaimsAuthorizationRequirement claims => "claim:" + claims.ClaimType,
        NameAuthorizationRequirement => "name",
        OperationAuthorizationRequirement operation => "operation:" + operation.Name,
        AssertionRequirement => "assertion",
        _ => Without(requirement.GetType().Name, "Requirement"),
    };
}

namespace Indelible.AspNetCore.Tests;

/// <summary>What the package may depend on.</summary>
public sealed class ArchitectureTests
{
    [Fact]
    public void The_package_depends_on_the_client_and_the_framework_only()
    {
        string framework = Path.GetDirectoryName(typeof(Microsoft.AspNetCore.Http.HttpContext).Assembly.Location)!;
        string runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        IEnumerable<string> others = typeof(AuditAttribute).Assembly.GetReferencedAssemblies()
            .Select(name => name.Name!)
            .Where(name => !File.Exists(Path.Combine(framework, name + ".dll")) && !File.Exists(Path.Combine(runtime, name + ".dll")));
        Assert.Equal(["Indelible.Client", "Indelible.Events"], others.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Nothing_public_is_there_by_accident()
    {
        IEnumerable<string> names = typeof(AuditAttribute).Assembly.GetExportedTypes().Select(type => type.FullName!).Order(StringComparer.Ordinal);
        Assert.Equal(
        [
            "Indelible.AspNetCore.AuditAttribute",
            "Indelible.AspNetCore.AuditOptions",
            "Indelible.AspNetCore.AuditRoute",
            "Indelible.AspNetCore.AuditScope",
            "Indelible.AspNetCore.Identities.ActorMapping",
            "Indelible.AspNetCore.NoAuditAttribute",
            "Indelible.AspNetCore.Secrets.SecretsDictionary",
            "Indelible.AspNetCore.SignIns.AuditedSignInManager`1",
            "Microsoft.AspNetCore.Builder.AuditEndpointConventionBuilderExtensions",
            "Microsoft.AspNetCore.Builder.IndelibleAuditApplicationBuilderExtensions",
            "Microsoft.AspNetCore.Builder.IndelibleWebApplicationBuilderExtensions",
            "Microsoft.AspNetCore.Http.HttpContextAuditExtensions",
            "Microsoft.Extensions.DependencyInjection.IndelibleAuditServiceCollectionExtensions",
        ],
        names);
    }
}

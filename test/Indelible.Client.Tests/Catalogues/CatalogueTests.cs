using System.Reflection;
using System.Runtime.Loader;
using Indelible.Client.Generators;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Indelible.Client.Tests.Catalogues;

/// <summary>Catalogues of events, compiled from real source.</summary>
public sealed class CatalogueTests
{
    private const string Usings = """
        using System;
        using Indelible.Client.Recording;
        using Indelible.Client.Recording.Catalogues;
        using Indelible.Events.Producing;

        """;

    [Fact]
    public void A_catalogue_gets_the_bodies_of_its_events()
    {
        Assembly made = Compile("""
            namespace Shop;
            public enum Kind { Full, Part }
            [AuditCatalogue]
            public static partial class InvoiceAudit
            {
                [AuditAction("invoice.refund", Category.DataChange, Operation.Update, Mode = DeliveryMode.Guaranteed, RequiresReason = true, Message = "Refunded \"it\"")]
                public static partial EventDraft Refunded(
                    [AuditTarget("invoice")] string invoiceId, [AuditTarget("customer")] Guid customer, [AuditData] decimal amount, [AuditData] Kind? kind,
                    [AuditData("note")] string? comment, [AuditLabel] int shopNumber, [AuditReason] string reason, [AuditTicket] string ticket,
                    [AuditActor(ActorType.Service)] string who, [AuditSubject] string person);

                [AuditAction("invoice.list", Category.Application, Operation.List)]
                internal static partial EventDraft Listed();
            }
            """);

        var draft = (EventDraft)made.GetType("Shop.InvoiceAudit")!.GetMethod("Refunded")!.Invoke(
            null, ["i-1", Guid.Empty, 12.50m, Enum.Parse(made.GetType("Shop.Kind")!, "Part"), null, 7, "too late", "T-1", "batch", "p-1"])!;

        Assert.Equal("invoice.refund", draft.Action);
        Assert.Equal((Category.DataChange, Operation.Update, DeliveryMode.Guaranteed), (draft.Category, draft.Operation, draft.Mode));
        Assert.Equal([("invoice", "i-1"), ("customer", Guid.Empty.ToString())], draft.Targets.Select(target => (target.Type, target.Id)));
        Assert.Equal(["amount", "kind"], draft.Data.Keys.Order());
        Assert.Equal("12.50", draft.Data["amount"].GetRawText());
        Assert.Equal("Part", draft.Data["kind"].GetString());
        Assert.Equal("7", draft.Labels["shop_number"]);
        Assert.Equal(("too late", "T-1"), (draft.Reason!.Text, draft.Reason.Ticket));
        Assert.Equal(("batch", ActorType.Service), (draft.Actor!.Id, draft.Actor.Type));
        Assert.Equal(["p-1"], draft.DataSubjects);
        Assert.Equal("Refunded \"it\"", draft.Message);
    }

    [Theory]
    [InlineData("IND001", "[AuditCatalogue] public partial class A { [AuditAction(\"a.b\", Category.Application, Operation.Other)] public static partial EventDraft M(); }")]
    [InlineData("IND002", "[AuditCatalogue] public static partial class A { [AuditAction(\"a.b\", Category.Application, Operation.Other)] public static EventDraft M() => null!; }")]
    [InlineData("IND003", "[AuditCatalogue] public static partial class A { [AuditAction(\"A b\", Category.Application, Operation.Other)] public static partial EventDraft M(); }")]
    [InlineData("IND004", "[AuditCatalogue] public static partial class A { [AuditAction(\"a.b\", Category.DataAccess, Operation.Read)] public static partial EventDraft M([AuditData] string x); }")]
    [InlineData("IND005", "[AuditCatalogue] public static partial class A { [AuditAction(\"a.b\", Category.Application, Operation.Other)] public static partial EventDraft M(string x); }")]
    [InlineData("IND005", "[AuditCatalogue] public static partial class A { [AuditAction(\"a.b\", Category.Application, Operation.Other)] public static partial EventDraft M([AuditData, AuditReason] string x); }")]
    [InlineData("IND006", "[AuditCatalogue] public static partial class A { [AuditAction(\"a.b\", Category.Application, Operation.Other)] public static partial EventDraft M([AuditData] object x); }")]
    [InlineData("IND006", "[AuditCatalogue] public static partial class A { [AuditAction(\"a.b\", Category.DataChange, Operation.Update)] public static partial EventDraft M([AuditTarget(\"x\")] string? x); }")]
    [InlineData("IND007", "[AuditCatalogue] public static partial class A { [AuditAction(\"a.b\", Category.Application, Operation.Other, RequiresReason = true)] public static partial EventDraft M(); }")]
    [InlineData("IND008", "[AuditCatalogue] public static partial class A { [AuditAction(\"a.b\", Category.Application, Operation.Other)] public static partial EventDraft M(); [AuditAction(\"a.b\", Category.Application, Operation.Other)] public static partial EventDraft N(); }")]
    [InlineData("IND009", "[AuditCatalogue] public static partial class A { [AuditAction(\"a.b\", Category.Application, Operation.Other)] public static partial EventDraft M([AuditTicket] string t); }")]
    public void What_an_event_lacks_does_not_compile(string id, string source)
    {
        Generate(source, out IReadOnlyList<Diagnostic> told);

        Diagnostic fault = Assert.Single(told, diagnostic => diagnostic.Id.StartsWith("IND", StringComparison.Ordinal));
        Assert.Equal(id, fault.Id);
        Assert.Equal(DiagnosticSeverity.Error, fault.Severity);
        Assert.False(fault.Location.SourceSpan.IsEmpty);
    }

    private static Compilation Generate(string source, out IReadOnlyList<Diagnostic> told)
    {
        string[] trusted = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        var compilation = CSharpCompilation.Create(
            "Catalogue",
            [CSharpSyntaxTree.ParseText(Usings + source, path: "Catalogue.cs")],
            trusted.Select(path => MetadataReference.CreateFromFile(path)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        CSharpGeneratorDriver.Create(new CatalogueGenerator()).RunGeneratorsAndUpdateCompilation(compilation, out Compilation made, out var diagnostics);
        told = diagnostics;
        return made;
    }

    private static Assembly Compile(string source)
    {
        Compilation compilation = Generate(source, out IReadOnlyList<Diagnostic> told);
        Assert.Empty(told);
        using var image = new MemoryStream();
        Assert.Empty(compilation.Emit(image).Diagnostics.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning));
        image.Position = 0;
        return AssemblyLoadContext.Default.LoadFromStream(image);
    }
}

using Indelible.AspNetCore.Tests.Support;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Indelible.AspNetCore.Tests.Hubs;

/// <summary>What is called on hubs, with the real client.</summary>
public sealed class HubTests
{
    [Fact]
    public async Task A_hub_s_named_methods_failures_and_denials_are_recorded_each_by_its_call()
    {
        await using TestApp app = await StartAsync();
        await using HubConnection connection = await ConnectAsync(app);
        Assert.Equal("moved p-1", await connection.InvokeAsync<string>("Move", "p-1", 7));
        await connection.InvokeAsync("Quiet");
        await Assert.ThrowsAsync<HubException>(() => connection.InvokeAsync("Broken"));
        await Assert.ThrowsAsync<HubException>(() => connection.InvokeAsync("Discharge", "p-2"));

        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(kept => kept.Count(draft => draft.Request?.Method == "INVOKE") == 3);
        EventDraft[] calls = [.. drafts.Where(draft => draft.Request!.Method == "INVOKE")];
        Assert.Equal(("patient.move", "patient", "p-1", "u-1", Outcome.Success), (calls[0].Action, calls[0].Targets[0].Type, calls[0].Targets[0].Id, calls[0].Actor!.Id, calls[0].Outcome));
        Assert.Equal(("signalr", "WardHub.Move"), (calls[0].Request!.Protocol, calls[0].Labels["hub_method"]));
        Assert.Equal(("signalr.invoke", Outcome.Failure, "System.InvalidOperationException"), (calls[1].Action, calls[1].Outcome, calls[1].OutcomeReason));
        Assert.Equal(("patient.discharge", DecisionEffect.Deny, "roles:doctor", "p-2"), (calls[2].Action, calls[2].Decision!.Effect, calls[2].Decision!.Rule, calls[2].Targets[0].Id));
    }

    [Fact]
    public async Task A_guaranteed_method_is_not_called_without_its_intent()
    {
        await using TestApp app = await StartAsync();
        await using HubConnection connection = await ConnectAsync(app);
        await connection.InvokeAsync("Erase", "p-1");
        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(kept => kept.Count(draft => draft.Action == "patient.erase") == 2);
        EventDraft[] pair = [.. drafts.Where(draft => draft.Action == "patient.erase")];
        Assert.Equal((EventKind.Intent, EventKind.Outcome, pair[0].Id), (pair[0].Kind, pair[1].Kind, pair[1].RelatesTo));

        app.Recorder.Before = (_, mode, _) => mode == DeliveryMode.Guaranteed ? throw new AuditNotRecordedException("e", false, "down") : Task.CompletedTask;
        HubException refused = await Assert.ThrowsAsync<HubException>(() => connection.InvokeAsync("Erase", "p-2"));
        Assert.Contains("must be recorded", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, WardHub.Erased);
    }

    private static Task<TestApp> StartAsync() => TestApp.StartAsync(
        map => map.MapHub<WardHub>("/ward"),
        builder =>
        {
            HeaderAuthentication.Add(builder);
            builder.Services.AddSignalR();
        });

    private static async Task<HubConnection> ConnectAsync(TestApp app)
    {
        HubConnection connection = new HubConnectionBuilder().WithUrl(new Uri(app.Address, "/ward"), options => options.Headers["X-User"] = "u-1;nurse").Build();
        await connection.StartAsync();
        return connection;
    }
}

/// <summary>A hub as an application has it.</summary>
public sealed class WardHub : Hub
{
    private static int s_erased;

    public static int Erased => s_erased;

    [Audit("patient.move", Target = "patient", TargetId = "patient")]
    public Task<string> Move(string patient, int bed) => Task.FromResult(bed > 0 ? "moved " + patient : Context.ConnectionId);

    public Task Quiet() => Clients.Caller.SendAsync("quiet");

    public Task Broken() => Context.Items.Count == 0 ? throw new InvalidOperationException("secret") : Task.CompletedTask;

    [Authorize(Roles = "doctor")]
    [Audit("patient.discharge", Target = "patient", TargetId = "patient")]
    public Task Discharge(string patient) => Clients.Caller.SendAsync("discharged", patient);

    [Audit("patient.erase", Target = "patient", TargetId = "patient", Mode = DeliveryMode.Guaranteed)]
    public Task Erase(string patient)
    {
        Interlocked.Increment(ref s_erased);
        return Clients.Caller.SendAsync("erased", patient);
    }
}

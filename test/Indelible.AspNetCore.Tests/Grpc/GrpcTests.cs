using System.Text;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Grpc.Net.Client;
using Indelible.AspNetCore.Tests.Support;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Indelible.AspNetCore.Tests.Grpc;

/// <summary>gRPC services, over HTTP/2 with the real client.</summary>
public sealed class GrpcTests
{
    private static readonly Method<string, string> s_read = Records.Define("Read");
    private static readonly Method<string, string> s_erase = Records.Define("Erase");

    [Fact]
    public async Task A_method_is_recorded_by_its_attribute_and_ends_as_its_trailers_say()
    {
        await using TestApp app = await StartAsync();
        using GrpcChannel channel = GrpcChannel.ForAddress(app.Address);
        CallInvoker invoker = channel.CreateCallInvoker();
        Assert.Equal("record p-1", await Call(invoker, s_read, "p-1"));
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => Call(invoker, s_read, "nobody"))).StatusCode);
        Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(() => Call(invoker, s_read, "p-1", user: null))).StatusCode);

        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(3);
        Assert.All(drafts, draft => Assert.Equal(("record.read", "grpc", "/clinic.Records/Read"), (draft.Action, draft.Request!.Protocol, draft.Request.Route)));
        Assert.Equal([(Outcome.Success, "OK"), (Outcome.Failure, "NOT_FOUND"), (Outcome.Failure, "401")], drafts.Select(draft => (draft.Outcome, draft.OutcomeCode)));
        Assert.Equal(DecisionEffect.Challenge, drafts[2].Decision!.Effect);
        Assert.Equal((8L, 15L), (drafts[0].Request!.BytesIn, drafts[0].Request!.BytesOut));
    }

    [Fact]
    public async Task Without_its_intent_a_guaranteed_method_is_unavailable()
    {
        await using TestApp app = await StartAsync();
        using GrpcChannel channel = GrpcChannel.ForAddress(app.Address);
        CallInvoker invoker = channel.CreateCallInvoker();
        Assert.Equal("erased", await Call(invoker, s_erase, "p-1"));
        app.Recorder.Before = (_, mode, _) => mode == DeliveryMode.Guaranteed ? throw new AuditNotRecordedException("e", false, "down") : Task.CompletedTask;
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => Call(invoker, s_erase, "p-2"))).StatusCode);

        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(3);
        Assert.Equal([EventKind.Intent, EventKind.Outcome, null], drafts.Select(draft => draft.Kind));
        Assert.Equal((Outcome.Failure, "UNAVAILABLE"), (drafts[2].Outcome, drafts[2].OutcomeCode));
    }

    private static Task<TestApp> StartAsync() => TestApp.StartAsync(
        map => map.MapGrpcService<Records>(),
        builder =>
        {
            HeaderAuthentication.Add(builder);
            builder.Services.AddGrpc();
            builder.Services.AddSingleton<IServiceMethodProvider<Records>, RecordsMethods>();
        },
        protocols: HttpProtocols.Http2);

    private static async Task<string> Call(CallInvoker invoker, Method<string, string> method, string request, string? user = "u-1")
    {
        var headers = new Metadata();
        if (user is not null)
        {
            headers.Add("X-User", user);
        }

        return await invoker.AsyncUnaryCall(method, null, new CallOptions(headers), request);
    }
}

/// <summary>A service as an application has it, with texts for messages.</summary>
[Authorize]
public sealed class Records
{
    private readonly string _prefix = "record ";

    private static readonly Marshaller<string> s_text = new(Encoding.UTF8.GetBytes, Encoding.UTF8.GetString);

    internal static Method<string, string> Define(string name) => new(MethodType.Unary, "clinic.Records", name, s_text, s_text);

    [Audit("record.read")]
    public Task<string> Read(string id, ServerCallContext context) =>
        id == "nobody" ? throw new RpcException(new Status(StatusCode.NotFound, "")) : Task.FromResult(_prefix + id);

    [Audit("record.erase", Mode = DeliveryMode.Guaranteed)]
    public Task<string> Erase(string id, ServerCallContext context) => Task.FromResult(_prefix.Length > 0 ? "erased" : id);
}

/// <summary>Registers the methods as generated code does: with the attributes of class and method.</summary>
internal sealed class RecordsMethods : IServiceMethodProvider<Records>
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<Records> context)
    {
        Add(context, "Read", (service, request, call) => service.Read(request, call));
        Add(context, "Erase", (service, request, call) => service.Erase(request, call));
    }

    private static void Add(ServiceMethodProviderContext<Records> context, string name, UnaryServerMethod<Records, string, string> method)
    {
        var metadata = new List<object>();
        metadata.AddRange(typeof(Records).GetCustomAttributes(inherit: true));
        metadata.AddRange(typeof(Records).GetMethod(name)!.GetCustomAttributes(inherit: true));
        context.AddUnaryMethod(Records.Define(name), metadata, method);
    }
}

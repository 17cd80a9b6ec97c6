using Microsoft.Extensions.Logging;
using Xunit;

namespace Indelible.Server.Tests.Api;

/// <summary>Settings by file, environment and flag.</summary>
public sealed class ServerOptionsTests : IDisposable
{
    private const string Variable = "INDELIBLE_JOURNAL_FILES_KEPT";
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"indelible-settings-{Environment.ProcessId}-{Environment.CurrentManagedThreadId}.json");

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(Variable, null);
        File.Delete(_file);
    }

    [Fact]
    public void Without_any_setting_the_defaults_can_be_used()
    {
        ServerOptions options = ServerOptions.Read(null, new Dictionary<string, string?>(), out IReadOnlyList<string> faults);

        Assert.Empty(faults);
        Assert.Equal("http://127.0.0.1:7480", options.Urls);
        Assert.Equal("./data", options.Data);
        Assert.Equal(LogLevel.Information, options.LogLevel);
    }

    [Fact]
    public void Flags_outrank_the_environment_and_both_outrank_the_file()
    {
        File.WriteAllText(_file, """{"data":"from-file","publish_interval_ms":500,"journal_files_kept":7}""");
        Environment.SetEnvironmentVariable(Variable, "8");

        ServerOptions byEnvironment = Read(new Dictionary<string, string?> { ["publish_interval_ms"] = "250", ["data"] = null }, out IReadOnlyList<string> faults);
        Assert.Empty(faults);
        ServerOptions byFlag = Read(new Dictionary<string, string?> { ["journal_files_kept"] = "9" }, out faults);
        Assert.Empty(faults);

        Assert.Equal("from-file", byEnvironment.Data);
        Assert.Equal(TimeSpan.FromMilliseconds(250), byEnvironment.Engine.PublishInterval);
        Assert.Equal(8, byEnvironment.Engine.Journal.FilesKept);
        Assert.Equal(9, byFlag.Engine.Journal.FilesKept);
        Assert.Equal(TimeSpan.FromMilliseconds(500), byFlag.Engine.PublishInterval);
    }

    [Fact]
    public void Indexes_are_kept_unless_they_are_switched_off_in_as_much_memory_as_is_set()
    {
        ServerOptions usual = ServerOptions.Read(null, new Dictionary<string, string?>(), out IReadOnlyList<string> faults);
        Assert.Empty(faults);
        ServerOptions changed = ServerOptions.Read(null, new Dictionary<string, string?> { ["index"] = "false", ["index_memory_mib"] = "1", ["index_personal_memory_mib"] = "0" }, out faults);
        Assert.Empty(faults);
        ServerOptions.Read(null, new Dictionary<string, string?> { ["index"] = "off", ["index_memory_mib"] = "-1" }, out faults);

        Assert.Equal((true, 64L << 20, 256L << 20), (usual.HasIndex, usual.IndexMemoryBytes, usual.IndexPersonalMemoryBytes));
        Assert.Equal((false, 1L << 20, 0L), (changed.HasIndex, changed.IndexMemoryBytes, changed.IndexPersonalMemoryBytes));
        Assert.Equal(2, faults.Count);
    }

    [Fact]
    public void Every_mistake_is_listed_at_once()
    {
        File.WriteAllText(_file, """{"dta":"x","urls":"ftp://a;nonsense","log_level":"loud","publish_interval_ms":"fast","seal_interval_ms":0,"journal_file_bytes":-5}""");
        Environment.SetEnvironmentVariable(Variable, "0");

        Read([], out IReadOnlyList<string> faults);

        foreach (string part in (string[])["dta", "ftp://a", "nonsense", "loud", "publish_interval_ms", "seal", "journal_file_bytes", "files kept"])
        {
            Assert.Contains(faults, fault => fault.Contains(part, StringComparison.Ordinal));
        }

        Assert.Equal(8, faults.Count);
    }

    [Theory]
    [InlineData("{", "settings file")]
    [InlineData("[]", "settings file")]
    [InlineData("""{"data":"a","data":"b"}""", "settings file")]
    [InlineData("""{"urls":["http://127.0.0.1:1"]}""", "urls")]
    [InlineData("""{"data":{"path":"x"}}""", "data")]
    [InlineData("""{"urls":""}""", "urls")]
    [InlineData("""{"urls":";"}""", "urls")]
    [InlineData("""{"urls":"http://127.0.0.1:7480/below"}""", "urls")]
    [InlineData("""{"urls":"https://127.0.0.1:7480"}""", "tls_certificate")]
    [InlineData("""{"urls":"http://0.0.0.0:7480"}""", "urls")]
    [InlineData("""{"urls":"http://*:7480"}""", "urls")]
    [InlineData("""{"urls":"http://+:7480"}""", "urls")]
    [InlineData("""{"urls":"http://[::]:7480"}""", "urls")]
    [InlineData("""{"urls":"http://audit.example:7480"}""", "urls")]
    [InlineData("""{"urls":"http://127.0.0.1:1;http://10.0.0.1:7480"}""", "urls")]
    [InlineData("""{"otlp_grpc":"0.0.0.0:4317"}""", "tls_certificate")]
    [InlineData("""{"tls_key":"key.pem","urls":"https://127.0.0.1:7480"}""", "tls_certificate")]
    [InlineData("""{"tls_certificate":"c.pem","urls":"https://127.0.0.1:7480"}""", "tls_key")]
    [InlineData("""{"tls_certificate":"c.pem","tls_key":"key.pem"}""", "urls")]
    [InlineData("""{"insecure_http":"perhaps"}""", "insecure_http")]
    [InlineData("""{"data":""}""", "data")]
    public void A_file_that_cannot_be_meant_is_refused(string json, string named)
    {
        File.WriteAllText(_file, json);

        Read([], out IReadOnlyList<string> faults);

        Assert.StartsWith(named, Assert.Single(faults), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_is_refused()
    {
        ServerOptions.Read("/nowhere/settings.json", new Dictionary<string, string?>(), out IReadOnlyList<string> faults);

        Assert.Contains("/nowhere/settings.json", Assert.Single(faults), StringComparison.Ordinal);
    }

    private ServerOptions Read(Dictionary<string, string?> flags, out IReadOnlyList<string> faults) => ServerOptions.Read(_file, flags, out faults);
}

namespace Indelible.BlackBox.Tests;

/// <summary><c>indelible verify --policy</c>: what a policy file of the verifier's lets pass, and what not.</summary>
public sealed class PolicyTests
{
    private const string Stranger = "audit.example/log1+640a250f+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
    private const string Witness = "witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X";

    [Fact]
    public async Task A_log_is_believed_by_a_policy_as_far_as_the_policy_goes()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        string policy = Path.Combine(server.Folder, "policy");
        await File.WriteAllTextAsync(policy, $"# ours\nlog {server.Vkey}\nquorum none\n");
        string[] verify = ["verify", "--policy", policy, "--data", server.Data];
        string output = (await Command.RunAsync(verify)).ShouldEnd(0).Output;
        Assert.Contains("satisfies the policy: signed by", output, StringComparison.Ordinal);
        Assert.Contains("not checked  windows of validity", output, StringComparison.Ordinal);
        Assert.Contains("not checked  witnesses: the policy asks for none", output, StringComparison.Ordinal);

        // A key whose window has ended is not believed by the clock, and one whose window has not is.
        await File.WriteAllTextAsync(policy + ".windows", $"valid {server.Vkey} 2026-01-01T00:00:00Z 2026-01-02T00:00:00Z\n");
        Assert.Contains("believed from 2026-01-01T00:00:00Z until", (await Command.RunAsync(verify)).ShouldEnd(1).Output, StringComparison.Ordinal);
        await File.WriteAllTextAsync(policy + ".windows", $"valid {server.Vkey} 2026-01-01T00:00:00Z -\n");
        (await Command.RunAsync(verify)).ShouldEnd(0);

        // A witness who has not signed is missed.
        await File.WriteAllTextAsync(policy, $"log {server.Vkey}\nwitness w {Witness}\nquorum w\n");
        Assert.Contains("w", (await Command.RunAsync(verify)).ShouldEnd(1).Output, StringComparison.Ordinal);

        // The log that is meant must be one; a key of another log believes nothing here.
        await File.WriteAllTextAsync(policy, $"log {server.Vkey}\nlog {Stranger}\nquorum none\n");
        Assert.Contains("--origin", (await Command.RunAsync(verify)).ShouldEnd(2).Errors, StringComparison.Ordinal);
        (await Command.RunAsync([.. verify, "--origin", server.Vkey.Split('+')[0]])).ShouldEnd(0);
        (await Command.RunAsync([.. verify, "--origin", "audit.example/log1"])).ShouldEnd(1);

        Assert.Contains("Line 2", (await WithPolicyAsync(policy, $"log {server.Vkey}\nquorum nobody\n", verify)).ShouldEnd(2).Errors, StringComparison.Ordinal);
        (await Command.RunAsync(["verify", "--data", server.Data])).ShouldEnd(2);
        (await Command.RunAsync([.. verify, "--vkey", server.Vkey])).ShouldEnd(2);
        (await Command.RunAsync("verify", "--vkey", server.Vkey, "--origin", "x", "--data", server.Data)).ShouldEnd(2);
    }

    private static async Task<Finished> WithPolicyAsync(string path, string text, string[] verify)
    {
        await File.WriteAllTextAsync(path, text);
        return await Command.RunAsync(verify);
    }
}

using System.Globalization;
using System.Text.Json;
using Indelible.Cli.Demo;
using Indelible.Detection;
using Xunit;

namespace Indelible.Server.Tests.Detection;

/// <summary>The rules that ship over the demonstration log (docs/demo.md): the night is found from its beginning to its end, and ordinary days are quiet.</summary>
public sealed class DemoFindingsTests
{
    private const string Dormant = "u-1041";

    private static readonly DateTimeOffset Midnight = DemoCompany.DefaultEnd.AddDays(-3);

    private static readonly List<Finding> Found = Findings(DemoCompany.DefaultSeed);

    [Theory]
    [InlineData("password-spray-distributed.yml", "service=clinic-auth", -140, -120)]
    [InlineData("password-spray.yml", "ip=198.51.100.17", -140, -20)]
    [InlineData("sign-in-after-failures-one-factor.yml", "actor=u-1041", -33, -12)]
    [InlineData("privileged-sign-in-one-factor.yml", "", -13, -12)]
    [InlineData("privileged-off-hours.yml", "actor=u-1041", -13, -12)]
    [InlineData("self-grant.yml", "", 6, 7)]
    [InlineData("grant-then-data.yml", "actor=u-1041", 6, 71)]
    [InlineData("mass-read.yml", "actor=u-1041", 70, 130)]
    [InlineData("mass-export.yml", "actor=u-1041", 85, 130)]
    [InlineData("audit-capture-lowered.yml", "actor=u-1041", 211, 212)]
    [InlineData("export-deleted.yml", "actor=u-1041", 85, 215)]
    [InlineData("tidying-up.yml", "actor=u-1041 target=u-1041", 6, 219)]
    [InlineData("tidying-up.yml", "actor=u-1041 target=ak_88f2050df0df", -3, 221)]
    public void What_happened_that_night_is_told_of_once_and_while_it_happens(string file, string group, int fromMinute, int toMinute)
    {
        Finding found = Assert.Single(Found, finding => Path.GetFileName(finding.Rule.File) == file && string.Join(' ', finding.Group.Select(field => $"{field.Field}={field.Value}")) == group);
        Assert.InRange(found.From, Midnight.AddMinutes(fromMinute), Midnight.AddMinutes(toMinute));
        Assert.InRange(found.To, found.From, Midnight.AddMinutes(toMinute));
    }

    [Fact]
    public void Most_addresses_that_passwords_are_tried_from_are_told_of_and_no_other()
    {
        string[] addresses = [.. Found.Where(finding => Path.GetFileName(finding.Rule.File) == "password-spray.yml").Select(finding => finding.Group[0].Value)];
        Assert.InRange(addresses.Length, 15, 24);
        Assert.All(addresses, address => Assert.StartsWith("198.51.100.", address, StringComparison.Ordinal));
        Assert.Equal(addresses.Length, addresses.Distinct().Count());
    }

    [Theory]
    [InlineData(DemoCompany.DefaultSeed)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Ordinary_days_raise_no_more_than_three_alerts(ulong seed)
    {
        Finding[] outside = [.. Findings(seed).Where(finding => finding.Rule.Level > RuleLevel.Informational && !IsOfTheNight(finding))];
        Assert.True(outside.Length <= 3, string.Join('\n', outside.Select(finding => $"{finding.From:s} {finding.Rule.Title}: {string.Join(' ', finding.Group)}")));
    }

    [Fact]
    public void Each_time_the_glass_was_broken_is_told_of_for_whoever_looks_at_them_and_alarms_nobody()
    {
        Finding[] glass = [.. Found.Where(finding => finding.Rule.Level == RuleLevel.Informational)];
        Assert.All(glass, finding => Assert.Equal("break-glass.yml", Path.GetFileName(finding.Rule.File)));
        Assert.Equal(23, glass.Length);
    }

    private static bool IsOfTheNight(Finding finding) =>
        finding.From >= Midnight.AddMinutes(-140) && finding.To < Midnight.AddMinutes(510) && (finding.Group.Count == 0 || finding.Group.Any(field => field.Value is Dormant or "clinic-auth" || field.Value.StartsWith("198.51.100.", StringComparison.Ordinal)));

    private static List<Finding> Findings(ulong seed)
    {
        CompiledRules rules = CompiledRules.Compile(RuleLibrary.Load(ShippedRules.Files), ShippedRules.Mappings);
        var matcher = new RuleMatcher(rules);
        var correlator = new Correlator(rules);
        var findings = new List<Finding>();
        long index = 0;
        foreach (ReadOnlyMemory<byte> claim in new DemoCompany(seed, DemoCompany.DefaultEnd, DemoCompany.DefaultEventCount).Claims())
        {
            var matched = new List<int>();
            matcher.Match(claim.Span, matched);
            var time = DateTimeOffset.Parse(JsonElement.Parse(claim.Span).GetProperty("time").GetString()!, CultureInfo.InvariantCulture);
            correlator.Follow(matcher, index++, time, time, matched, findings);
        }

        return findings;
    }
}

using System.Text;
using Indelible.Events;
using Indelible.Privacy;
using Indelible.Tests.Events;
using Xunit;

namespace Indelible.Tests.Privacy;

public class PersonalFieldsTests
{
    [Theory]
    [InlineData("/id")]
    [InlineData("/time")]
    [InlineData("/schema")]
    [InlineData("/action")]
    [InlineData("/actor")]
    [InlineData("/actor/id")]
    [InlineData("/actor/on_behalf_of")]
    [InlineData("/actor/on_behalf_of/-")]
    [InlineData("/actor/on_behalf_of/0/id")]
    [InlineData("/service")]
    [InlineData("/producer")]
    [InlineData("/producer/signature/value")]
    [InlineData("/received_at")]
    [InlineData("/ingest/principal")]
    [InlineData("/salt")]
    public void Refuses_to_seal_what_the_log_works_with(string pointer)
    {
        Assert.False(PersonalFields.TryCreate([pointer], originalInClear: false, out PersonalFields? fields, out IReadOnlyList<Fault> faults));

        Assert.Null(fields);
        Assert.Equal((FaultCode.NotAllowed, pointer), (Assert.Single(faults).Code, faults[0].Pointer));
    }

    [Theory]
    [InlineData("")]
    [InlineData("message")]
    [InlineData("/a~2")]
    [InlineData("/a~")]
    public void Refuses_what_is_no_pointer(string pointer)
    {
        Assert.False(PersonalFields.TryCreate([pointer], originalInClear: false, out _, out IReadOnlyList<Fault> faults));

        Assert.Equal(FaultCode.BadFormat, Assert.Single(faults).Code);
    }

    [Fact]
    public void Refuses_half_a_surrogate()
    {
        Assert.False(PersonalFields.TryCreate(["/a" + (char)0xD800], originalInClear: false, out _, out IReadOnlyList<Fault> faults));

        Assert.Equal(FaultCode.BadFormat, Assert.Single(faults).Code);
    }

    [Theory]
    [InlineData("/message", "/message")]
    [InlineData("/targets/-/name", "/targets/0/name")]
    [InlineData("/targets/0/name", "/targets/0/name")]
    [InlineData("/targets/1/name", null)]
    [InlineData("/data/k", "/data/k")]
    [InlineData("/data/k/-/x", "/data/k/1/x")]
    [InlineData("/data/-", null)]
    [InlineData("/labels/ward", "/labels/ward")]
    [InlineData("/changes/-/new", "/changes/0/new")]
    [InlineData("/nowhere", null)]
    public void Seals_what_a_log_adds(string pointer, string? expected)
    {
        var keys = new TestKeys();
        Assert.True(PersonalFields.TryCreate([pointer], originalInClear: false, out PersonalFields? fields, out _));

        BuiltEntry entry = EntryBuilder.Build(Samples.Claim(Samples.Full), Samples.Context(keys, fields));

        Assert.Equal(
            expected is null ? [] : [expected],
            Entry.PersonalPointers(entry.Bytes.Span).Except(DefaultPointers(keys)));
        Assert.Equal(Samples.Claim(Samples.Full).CanonicalBytes.ToArray(), Entry.ClaimOf(Entry.Decrypt(entry.Bytes.Span, Samples.Origin, keys.Find)));
    }

    [Fact]
    public void The_outermost_of_two_pointers_holds()
    {
        var keys = new TestKeys();
        PersonalFields.TryCreate(["/data", "/data/k/-/x"], originalInClear: false, out PersonalFields? fields, out _);

        BuiltEntry entry = EntryBuilder.Build(Samples.Claim(Samples.Full), Samples.Context(keys, fields));

        Assert.Equal(["/data"], Entry.PersonalPointers(entry.Bytes.Span).Where(pointer => pointer.StartsWith("/data", StringComparison.Ordinal)));
    }

    [Fact]
    public void Names_with_escapes_and_beyond_ASCII_are_found()
    {
        var keys = new TestKeys();
        PersonalFields.TryCreate(["/data/a~1b~0/é\"\U0001F600"], originalInClear: false, out PersonalFields? fields, out _);
        Claim claim = Samples.Claim(Samples.With("data", """{"a/b~":{"\u00e9\"\ud83d\ude00":"secret"}}"""));

        BuiltEntry entry = EntryBuilder.Build(claim, Samples.Context(keys, fields));

        Assert.Equal(["/data/a~1b~0/é\"\U0001F600"], Entry.PersonalPointers(entry.Bytes.Span));
        Assert.Equal(claim.CanonicalBytes.ToArray(), Entry.ClaimOf(Entry.Decrypt(entry.Bytes.Span, Samples.Origin, keys.Find)));
    }

    [Fact]
    public void Names_the_subjects_whose_keys_will_be_asked_for() =>
        Assert.Equal(["u-8472", "u-1", "u-2"], PersonalFields.Default.SubjectsOf(Samples.Claim(Samples.Full)));

    [Fact]
    public void An_original_stays_readable_only_where_that_is_said()
    {
        PersonalFields.TryCreate([], originalInClear: true, out PersonalFields? fields, out _);

        BuiltEntry entry = EntryBuilder.Build(Samples.Claim(Samples.Full), Samples.Context(new TestKeys(), fields));

        Assert.Contains("eventVersion", Encoding.UTF8.GetString(entry.Bytes.Span), StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> DefaultPointers(TestKeys keys) =>
        Entry.PersonalPointers(EntryBuilder.Build(Samples.Claim(Samples.Full), Samples.Context(keys)).Bytes.Span);
}

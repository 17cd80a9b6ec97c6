using System.Globalization;
using System.Text;

namespace Indelible.Search.Tests.Indexing;

/// <summary>Values that are nearly all different: kept as hashes, and what free text knows of them.</summary>
public sealed class IdentifierTests : IDisposable
{
    private readonly List<IDisposable> _open = [];

    public void Dispose() => _open.ForEach(index => index.Dispose());

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_whole_identifier_is_found_by_its_row_alone_and_what_cannot_be_inside_one_nowhere(bool inFile)
    {
        ITermIndex index = Index(inFile, row => $$"""{"id":"{{Uuid(row)}}"}""");
        Assert.True(index.IsHashed(new FieldPath("id")));
        Assert.Equal([4000], Rows(rows => index.AddIdentifiers(Phrase.From(Uuid(4000))!, rows)));
        Assert.Equal([4000], Rows(rows => index.AddIdentifiers(Phrase.From(Uuid(4000).ToUpperInvariant())!, rows)));
        Assert.Equal([4000], Rows(rows => index.AddHashed(new FieldPath("id"), Encoding.UTF8.GetBytes(Uuid(4000)), rows)));
        Assert.Empty(Rows(rows => index.AddIdentifiers(Phrase.From("aspirin")!, rows)));
        Assert.Empty(Rows(rows => index.AddIdentifiers(Phrase.From("123")!, rows)));
        Assert.Empty(Rows(rows => index.AddIdentifiers(Phrase.From("123x")!, rows)));
        Assert.Empty(Rows(rows => index.AddIdentifiers(Phrase.From("1 2 3 4 5 6")!, rows)));
        Assert.Empty(Rows(rows => index.AddIdentifiers(Phrase.From("1234é")!, rows)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_word_that_could_be_inside_of_any_is_left_open_in_all_rows_that_have_one(bool inFile)
    {
        ITermIndex index = Index(inFile, row => row % 4 != 0 ? $$"""{"id":"{{Uuid(row)}}"}""" : "{}");
        Assert.Equal(Count / 4 * 3, Rows(rows => index.AddIdentifiers(Phrase.From("0dad")!, rows)).Count);
        Assert.Equal(Count / 4 * 3, Rows(rows => index.AddIdentifiers(Phrase.From("12345678 0dad")!, rows)).Count);
        Assert.Equal(Count / 4 * 3, Rows(rows => index.AddIdentifiers(Phrase.From([.. "12"u8.ToArray().Select(c => (int)c), Glob.Star])!, rows)).Count);
        Assert.Empty(Rows(rows => index.AddIdentifiers(Phrase.From(['z', Glob.Star])!, rows)));
        Assert.False(inFile && Rows(rows => index.AddWord("0dad"u8, rows)).Count > 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Words_of_letters_stay_words_of_the_index_and_are_not_left_open(bool inFile)
    {
        ITermIndex index = Index(inFile, row => string.Create(CultureInfo.InvariantCulture, $$"""{"mail":"{{(row % 100 == 7 ? "alice" : "bob")}}.{{row}}@example.org"}"""));
        Assert.True(index.IsHashed(new FieldPath("mail")));
        Assert.Equal(Count / 100, Rows(rows => index.AddWord("alice"u8, rows)).Count);
        Assert.Empty(Rows(rows => index.AddIdentifiers(Phrase.From("alice")!, rows)));
        Assert.Empty(Rows(rows => index.AddIdentifiers(Phrase.From("example org")!, rows)));
        Assert.Equal(Count, Rows(rows => index.AddIdentifiers(Phrase.From("alice 1234")!, rows)).Count);
        Assert.Equal([1207], Rows(rows => index.AddIdentifiers(Phrase.From("alice 1207 example org")!, rows)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_text_is_no_identifier_and_its_numbers_are_words(bool inFile)
    {
        ITermIndex index = Index(inFile, row => string.Create(CultureInfo.InvariantCulture, $$"""{"message":"Order {{row}} was shipped"}"""));
        Assert.True(index.IsHashed(new FieldPath("message")));
        Assert.Equal([4711], Rows(rows => index.AddWord("4711"u8, rows)));
        Assert.Equal(Count, Rows(rows => index.AddWord("shipped"u8, rows)).Count);
        Assert.Empty(Rows(rows => index.AddIdentifiers(Phrase.From("4711")!, rows)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_path_of_identifiers_takes_a_text_that_comes_later(bool inFile)
    {
        ITermIndex index = Index(inFile, row => $$"""{"id":"{{(row == 5000 ? "aspirin, 7 times" : Uuid(row))}}"}""");
        Assert.Equal([5000], Rows(rows => index.AddWord("aspirin"u8, rows)));
        Assert.Equal([5000], Rows(rows => index.AddWord("7"u8, rows)));
        Assert.Equal([5000], Rows(rows => index.AddHashed(new FieldPath("id"), "aspirin, 7 times"u8, rows)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_field_of_many_values_that_come_back_stays_one_of_terms(bool inFile)
    {
        ITermIndex index = Index(inFile, row => string.Create(CultureInfo.InvariantCulture, $$"""{"user":"u-{{row * 7919L % 3000}}"}"""));
        Assert.False(index.IsHashed(new FieldPath("user")));
        Assert.Equal(3000, index.CountTerms(new FieldPath("user"), TermKind.String));
    }

    [Fact]
    public void A_view_that_was_taken_before_its_path_turned_into_hashes_still_has_the_terms()
    {
        var builder = new ChunkIndexBuilder(0);
        ITermIndex? before = null;
        for (int row = 0; row < Count; row++)
        {
            builder.Append(Encoding.UTF8.GetBytes($$"""{"id":"{{Uuid(row)}}"}"""));
            before = row == 999 ? builder.Index(null).Terms : before;
        }

        var path = new FieldPath("id");
        Assert.True(builder.Index(null).Terms.IsHashed(path));
        Assert.False(before!.IsHashed(path));
        Assert.Equal(1000, before.CountTerms(path, TermKind.String));
        Assert.Equal([999], Rows(rows => before.AddEqual(path, TermKind.String, Encoding.UTF8.GetBytes(Uuid(999)), rows)));
        Assert.Empty(Rows(rows => before.AddEqual(path, TermKind.String, Encoding.UTF8.GetBytes(Uuid(1000)), rows)));
    }

    private const int Count = 6000;

    private static string Uuid(int row) => string.Create(
        CultureInfo.InvariantCulture, $"{row * 2654435761L % 89999999 + 10000000:d8}-{row % 9000 + 1000:x4}-7{row % 900 + 100:d3}-{row % 8999 + 1000:d4}-3f6d{row + 10000000:x8}");

    private static List<int> Rows(Action<RowSet> ask)
    {
        RowSet rows = RowSet.Rent();
        ask(rows);
        var list = new List<int>();
        for (int row = rows.FirstFrom(0); row >= 0; row = rows.FirstFrom(row + 1))
        {
            list.Add(row);
        }

        rows.Return();
        return list;
    }

    private ITermIndex Index(bool inFile, Func<int, string> entry)
    {
        var log = new IndexedLog([.. Enumerable.Range(0, Count).Select(row => Encoding.UTF8.GetBytes(entry(row)))]);
        if (!inFile)
        {
            _open.Add(log);
            return log.Builder.Index(null).Terms;
        }

        ChunkIndex file = log.Open();
        _open.AddRange([file, log]);
        return file.Terms;
    }
}

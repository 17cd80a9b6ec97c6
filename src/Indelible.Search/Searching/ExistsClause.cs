namespace Indelible.Search;

/// <summary>The path is there.</summary>
internal sealed class ExistsClause(FieldPath path) : IndexClause(path)
{
    public override void Find(in IndexQuestion question) => question.Index.AddExisting(Path!, question.Sure);

    public override int Estimate(ITermIndex index, int rows) => rows / 2;
}

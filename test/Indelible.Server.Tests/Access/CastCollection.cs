using Xunit;

namespace Indelible.Server.Tests.Access;

/// <summary>Tests that share one <see cref="Cast"/>, one after the other: some look at whether anything was entered.</summary>
[CollectionDefinition(Name)]
public sealed class CastCollection : ICollectionFixture<Cast>
{
    public const string Name = "cast";
}

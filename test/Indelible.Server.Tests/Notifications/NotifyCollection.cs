using Xunit;

namespace Indelible.Server.Tests.Notifications;

/// <summary>Tests that share one server with notifications, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class NotifyCollection : ICollectionFixture<NotifyServer>
{
    public const string Name = "notifications";
}

using Indelible.Engine.Privacy;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;
using Indelible.Privacy;
using Xunit;

namespace Indelible.Engine.Tests;

/// <summary>The data keys of persons: one for each, durable before use, and none left over.</summary>
public sealed class VaultTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("indelible-test-").FullName;
    private readonly MasterKey _master;
    private readonly Vault _vault;

    public VaultTests()
    {
        _master = MasterKey.Create(Disk.System, Path.Combine(_folder, "master.key"), RandomSource.System);
        Vault.Create(VaultFile, _master, RandomSource.System);
        _vault = Vault.Open(VaultFile, _master, RandomSource.System);
    }

    private string VaultFile => Path.Combine(_folder, "vault.db");

    public void Dispose()
    {
        _vault.Dispose();
        _master.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_key_drawn_for_a_request_that_ended_is_not_given_to_another()
    {
        PersonalKey first;
        using (Vault.Request refused = _vault.KeysFor("a"))
        {
            first = refused.For("person");
            Assert.Same(first, refused.For("person"));
        }

        using Vault.Request next = _vault.KeysFor("a");
        Assert.NotEqual(first.Id, next.For("person").Id);
    }

    [Fact]
    public void Two_requests_that_need_a_new_person_share_the_key_though_one_of_them_ends()
    {
        using Vault.Request kept = _vault.KeysFor("a");
        string id;
        using (Vault.Request refused = _vault.KeysFor("a"))
        {
            id = refused.For("person").Id;
            Assert.Equal(id, kept.For("person").Id);
        }

        Assert.Null(_vault.Find(id));
        kept.Commit();
        Assert.NotNull(_vault.Find(id));
        using Vault again = Vault.Open(VaultFile, _master, RandomSource.System);
        Assert.NotNull(again.Find(id));
    }

    [Fact]
    public void The_first_to_commit_commits_for_all_and_each_log_has_keys_of_its_own()
    {
        using Vault.Request one = _vault.KeysFor("a");
        using Vault.Request two = _vault.KeysFor("a");
        using Vault.Request elsewhere = _vault.KeysFor("b");
        string id = one.For("person").Id;
        Assert.Equal(id, two.For("person").Id);
        Assert.NotEqual(id, elsewhere.For("person").Id);
        one.Commit();
        two.Commit();
        using Vault.Request later = _vault.KeysFor("a");
        Assert.Equal(id, later.For("person").Id);
    }
}

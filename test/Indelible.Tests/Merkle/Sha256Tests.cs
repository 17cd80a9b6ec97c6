using System.Security.Cryptography;
using Indelible.Merkle;
using Xunit;

namespace Indelible.Tests.Merkle;

public sealed class Sha256Tests
{
    [Fact]
    public void Leaves_of_every_length_hash_as_the_platform_hashes_them()
    {
        byte[] prefixed = new byte[2_200];
        for (int i = 1; i < prefixed.Length; i++)
        {
            prefixed[i] = (byte)(i * 7);
        }

        for (int length = 0; length < prefixed.Length; length++)
        {
            byte[] expected = SHA256.HashData(prefixed.AsSpan(0, 1 + length));
            Assert.Equal(new Hash(expected), TreeHasher.Leaf(prefixed.AsSpan(1, length)));
        }
    }

    [Fact]
    public void Threads_that_hash_at_the_same_time_do_not_disturb_each_other()
    {
        Parallel.For(0, 20_000, i =>
        {
            byte[] entry = BitConverter.GetBytes(i);
            Assert.Equal(new Hash(SHA256.HashData([0, .. entry])), TreeHasher.Leaf(entry));
        });
    }
}

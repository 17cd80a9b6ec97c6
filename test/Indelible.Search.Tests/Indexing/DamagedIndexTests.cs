using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;
using CsCheck;

namespace Indelible.Search.Tests.Indexing;

/// <summary>A file of an index is bytes that anything may have happened to.</summary>
public sealed class DamagedIndexTests : IDisposable
{
    private readonly IndexedLog _log = new([.. Enumerable.Range(0, 1500).Select(RandomEntries.Ordinary)]);
    private readonly byte[] _file;
    private readonly List<ulong?> _answers;

    public DamagedIndexTests()
    {
        _file = _log.Write();
        using ChunkIndex index = _log.Open(_file);
        _answers = Answers.Of(index.Terms);
        Assert.DoesNotContain(null, _answers);
    }

    public void Dispose() => _log.Dispose();

    [Fact]
    public void Whatever_byte_is_another_an_answer_is_right_or_says_that_the_file_is_damaged() =>
        Gen.Select(Gen.Int[0, _file.Length - 1], Gen.Int[1, 255]).Array[1, 4].Sample(
            flips =>
            {
                byte[] damaged = [.. _file];
                Array.ForEach(flips, flip => damaged[flip.Item1] ^= (byte)flip.Item2);
                Compare(damaged);
            },
            iter: 150,
            threads: 1);

    [Fact]
    public void A_file_that_was_cut_is_not_opened() => Gen.Int[0, _file.Length - 1].Sample(
        length => Assert.Throws<IndexDamagedException>(() => _log.Open(_file[..length]).Dispose()), iter: 60, threads: 1);

    [Fact]
    public void A_file_with_something_behind_it_is_not_opened() =>
        Assert.Throws<IndexDamagedException>(() => _log.Open([.. _file, 0]).Dispose());

    [Fact]
    public void Bytes_that_somebody_changed_with_all_sums_made_anew_neither_crash_nor_hang() =>
        Gen.Select(Gen.Int[0, _file.Length - 33], Gen.Byte, Gen.Int[0, 3]).Array[1, 6].Sample(
            flips =>
            {
                byte[] damaged = [.. _file];
                foreach ((int at, byte value, int how) in flips)
                {
                    damaged[at] = how == 0 ? (byte)(damaged[at] ^ 1) : how == 1 ? (byte)0xFF : value;
                }

                Seal(damaged);
                try
                {
                    using ChunkIndex index = _log.Open(damaged);
                    Answers.Of(index.Terms);
                }
                catch (IndexDamagedException)
                {
                    // As good an answer as any.
                }
            },
            iter: 400,
            threads: 1);

    [Fact]
    public void The_directory_of_a_file_can_say_nothing_that_crashes()
    {
        // What stays in memory and is no sum and no filter: it is believed once its own sum is right.
        int resident = (int)BinaryPrimitives.ReadInt64LittleEndian(_file.AsSpan(_file.Length - IndexFormat.TrailerBytes));
        int filter = resident + (resident / IndexFormat.BlockBytes * 8);
        int behind = filter + 8 + (4 * BinaryPrimitives.ReadInt32LittleEndian(_file.AsSpan(filter)));
        Gen.Select(Gen.Int[behind, _file.Length - IndexFormat.TrailerBytes - 1], Gen.OneOf(Gen.Byte, Gen.Const((byte)0xFF), Gen.Const((byte)0))).Sample(
            flip =>
            {
                byte[] damaged = [.. _file];
                damaged[flip.Item1] = flip.Item2;
                Seal(damaged);
                try
                {
                    using ChunkIndex index = _log.Open(damaged);
                    Answers.Of(index.Terms);
                }
                catch (IndexDamagedException)
                {
                    // As good an answer as any.
                }
            },
            iter: 600,
            threads: 1);
    }

    [Theory]
    [InlineData("another", 0, 1500)]
    [InlineData("localhost:7480/logs/main", 65_536, 1500)]
    [InlineData("localhost:7480/logs/main", 0, 1499)]
    public void Is_not_opened_as_the_index_of_something_else(string origin, long first, int rows)
    {
        File.WriteAllBytes(_log.Path, _file);
        Assert.Throws<IndexDamagedException>(() => IndexFile.Open(_log.Path, new ChunkIdentity(origin, first, rows, _log.Identity.Root), null, default));
        Assert.Throws<IndexDamagedException>(() => IndexFile.Open(_log.Path, _log.Identity with { Root = new byte[32] }, null, default));
    }

    private void Compare(byte[] damaged)
    {
        ChunkIndex index;
        try
        {
            index = _log.Open(damaged);
        }
        catch (IndexDamagedException)
        {
            return;
        }

        using (index)
        {
            List<ulong?> answers = Answers.Of(index.Terms);
            for (int i = 0; i < answers.Count; i++)
            {
                Assert.True(answers[i] is null || answers[i] == _answers[i], $"answer {i} is another");
            }
        }
    }

    /// <summary>Makes the sums of a file right for what is in it now.</summary>
    private static void Seal(byte[] file)
    {
        Span<byte> trailer = file.AsSpan(file.Length - IndexFormat.TrailerBytes);
        long resident = BinaryPrimitives.ReadInt64LittleEndian(trailer);
        if (resident < IndexFormat.BlockBytes || resident > file.Length - IndexFormat.TrailerBytes)
        {
            return;
        }

        for (int block = 1; (block + 1) * IndexFormat.BlockBytes <= resident && resident + 8 + (8 * block) <= file.Length - IndexFormat.TrailerBytes; block++)
        {
            ulong sum = XxHash3.HashToUInt64(file.AsSpan(block * IndexFormat.BlockBytes, IndexFormat.BlockBytes));
            BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan((int)resident + 8 + (8 * (block - 1))), sum);
        }

        SHA256.HashData([.. file[..IndexFormat.BlockBytes], .. file[(int)resident..^IndexFormat.TrailerBytes], .. trailer[..8]], trailer[8..]);
    }
}

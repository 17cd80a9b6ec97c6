using System.Buffers.Binary;
using Indelible.Events;
using Indelible.Server.Tests.Api;
using ParquetSharp;
using Xunit;

namespace Indelible.Server.Tests.Export;

/// <summary>Parquet files, read back by Apache Arrow's reader in C++.</summary>
public sealed class ParquetTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task Columns_have_types_and_values_and_absent_ones_are_null()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync("[" + string.Join(',', Enumerable.Range(0, 300).Select(i => i % 3 == 0
            ? TestLog.Event($"e-{i}", ("time", $"\"2026-11-23T06:14:25.{i:0000000}Z\""), ("request.status", $"{i}"), ("reason.break_glass", i % 2 == 0 ? "true" : "false"), ("message", $"\"naïve {i}\""))
            : TestLog.Event($"e-{i}"))) + "]");

        Exported export = await Exported.TakeAsync(log, "?format=parquet&fields=index,time,received_at,actor,request.status,reason.break_glass,message,leaf_hash");

        Assert.Equal("application/vnd.apache.parquet", export.Answer.ContentHeaders.ContentType?.MediaType);
        using ParquetFileReader file = Open(export.Answer.Bytes);
        Assert.Equal(300, file.FileMetaData.NumRows);
        Assert.Equal(export.Manifest.Fields, Enumerable.Range(0, file.FileMetaData.NumColumns).Select(column => file.FileMetaData.Schema.Column(column).Name));
        using RowGroupReader group = file.RowGroup(0);
        Assert.Equal(Enumerable.Range(0, 300).Select(i => (long?)i), Read<long?>(group, 0));
        Assert.Equal(Enumerable.Range(0, 300).Select(i => i % 3 == 0 ? (long?)i : null), Read<long?>(group, 4));
        Assert.Equal(Enumerable.Range(0, 300).Select(i => i % 3 == 0 ? i % 2 == 0 : (bool?)null), Read<bool?>(group, 5));
        Assert.Equal(Enumerable.Range(0, 300).Select(i => i % 3 == 0 ? $"naïve {i}" : null), Read<string?>(group, 6));
        Assert.All(Read<string>(group, 3), actor => Assert.Equal("u-1", actor));
        Assert.Equal(
            Enumerable.Range(0, 300).Select(i => i % 3 == 0 ? new DateTime(2026, 11, 23, 6, 14, 25).AddTicks(i / 10 * 10) : new DateTime(2026, 11, 23, 6, 14, 25)),
            Read<DateTime?>(group, 1).Select(time => time!.Value));
        Assert.Equal(Convert.ToHexStringLower(server.Engine.Find(log.Name)!.ReadLeafHash(7).Bytes), Read<string>(group, 7)[7]);
        var time = Assert.IsType<TimestampLogicalType>(file.FileMetaData.Schema.Column(1).LogicalType);
        Assert.Equal((TimeUnit.Micros, true), (time.TimeUnit, time.IsAdjustedToUtc));
        Assert.Equal(Compression.Zstd, group.MetaData.GetColumnChunkMetaData(6).Compression);
    }

    [Fact]
    public async Task The_usual_columns_hold_what_the_entries_say()
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(20);

        Exported export = await Exported.TakeAsync(log, "?format=parquet");

        using ParquetFileReader file = Open(export.Answer.Bytes);
        using RowGroupReader group = file.RowGroup(0);
        int received = export.Manifest.Fields!.ToList().IndexOf("received_at");
        DateTime[] wanted = [.. (await Exported.TakeAsync(log, "")).Items.Select(item => Instant.Parse(item.GetProperty("entry").GetProperty("received_at").GetString()!).UtcDateTime)];
        Assert.Equal(wanted.Select(time => time.AddTicks(-(time.Ticks % 10)).Ticks), Read<DateTime?>(group, received).Select(time => time!.Value.Ticks));
    }

    [Fact]
    public async Task Row_groups_follow_each_other_and_none_holds_more_than_its_bytes()
    {
        TestLog log = await server.NewLogAsync();
        string data = $$"""{"x":"{{new string('x', 7_000)}}"}""";
        for (int batch = 0; batch < 3; batch++)
        {
            Assert.Equal(201, (await log.AppendAsync(string.Join('\n', Enumerable.Range(0, 900).Select(i => TestLog.Event($"{batch}-{i}", ("data", data)))), "", "application/x-ndjson")).Status);
        }

        Exported export = await Exported.TakeAsync(log, "?format=parquet&fields=id,data.x");

        using ParquetFileReader file = Open(export.Answer.Bytes);
        Assert.Equal(2_700, file.FileMetaData.NumRows);
        Assert.Equal(3, file.FileMetaData.NumRowGroups);
        var ids = new List<string>();
        for (int i = 0; i < file.FileMetaData.NumRowGroups; i++)
        {
            using RowGroupReader group = file.RowGroup(i);
            Assert.True(group.MetaData.NumRows * 7_000 * sizeof(char) <= ServerLimits.RowGroupBytes);
            ids.AddRange(Read<string>(group, 0));
        }

        Assert.Equal(Enumerable.Range(0, 2_700).Select(i => $"{i / 900}-{i % 900}"), ids);
    }

    [Fact]
    public async Task A_file_without_rows_is_a_file()
    {
        TestLog log = await server.NewLogAsync();

        Exported export = await Exported.TakeAsync(log, "?format=parquet");

        byte[] bytes = export.Answer.Bytes;
        Assert.Equal(("PAR1", "PAR1"), (System.Text.Encoding.ASCII.GetString(bytes[..4]), System.Text.Encoding.ASCII.GetString(bytes[^4..])));
        Assert.True(BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(bytes.Length - 8)) < bytes.Length);
        using ParquetFileReader file = Open(bytes);
        Assert.Equal(0, file.FileMetaData.NumRows);
    }

    private static ParquetFileReader Open(byte[] bytes)
    {
        var buffer = new ParquetSharp.IO.ManagedRandomAccessFile(new MemoryStream(bytes));
        return new ParquetFileReader(buffer);
    }

    private static T[] Read<T>(RowGroupReader group, int column)
    {
        using ColumnReader raw = group.Column(column);
        using LogicalColumnReader<T> reader = raw.LogicalReader<T>();
        return reader.ReadAll((int)group.MetaData.NumRows);
    }
}

using System.Text.Json;
using Indelible.Engine.Configuration;
using Indelible.Engine.Privacy;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Storage;
using Indelible.Keys;
using Indelible.Notes;
using Indelible.Proofs;
using Microsoft.Extensions.Logging;

namespace Indelible.Engine.Rotation;

/// <summary>Rotates the key that signs receipts. Our own construction C.</summary>
/// <remarks>
/// <para>The order, as for a log's key:</para>
/// <list type="number">
/// <item>The next key is made and durable, beside the one in use.</item>
/// <item>The configuration learns of both keys. From here on a start finishes the rotation, as long as the next key is there.</item>
/// <item>A note that names both, signed by both, is recorded in the checkpoint store. <b>The point of no return:</b> a start goes on with the next key.</item>
/// <item>The sequencer's loop signs with the next key from the next group on.</item>
/// <item>The old key's file is overwritten, and its name goes to the next key.</item>
/// </list>
/// <para>Receipts of the old key stay good: whoever holds one needs the note only if he pins the other key.</para>
/// </remarks>
internal sealed partial class ReceiptsRotation(KeyStore keys, ICheckpointStore store, Sequencer sequencer, string keyName, ILogger<ReceiptsRotation> logger) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly ILogger _logger = logger;
    private volatile Ed25519NoteSigner _signer = null!;

    /// <summary>Appends an entry to the configuration.</summary>
    public required Func<string, (string Type, string Id), AppendCaller, Action<Utf8JsonWriter>, Task> Enter { get; init; }

    /// <summary>The key that signs receipts now.</summary>
    public Ed25519NoteSigner Signer
    {
        get => _signer;
        init => _signer = value;
    }

    /// <summary>The handovers as recorded; no bytes where there are none.</summary>
    public ReadOnlyMemory<byte> Handovers => Recorded(store, keyName);

    /// <summary>Opens the key that receipts are signed with, finishing a rotation whose handover is recorded.</summary>
    /// <exception cref="StorageException">The key is missing or altered, or is one that handed over.</exception>
    public static Ed25519NoteSigner Open(KeyStore keys, ICheckpointStore store, string keyName)
    {
        ReadOnlyMemory<byte> handovers = Recorded(store, keyName);
        if (handovers.IsEmpty)
        {
            return keys.Open(KeyStore.ReceiptsName, keyName);
        }

        Ed25519NoteSigner? next = keys.TryOpenNext(KeyStore.ReceiptsName, keyName);
        if (next is not null && IsLast(handovers, next.VerifierKey))
        {
            keys.Advance(KeyStore.ReceiptsName);
            return next;
        }

        next?.Dispose();
        Ed25519NoteSigner signer = keys.Open(KeyStore.ReceiptsName, keyName);
        if (IsLast(handovers, signer.VerifierKey))
        {
            return signer;
        }

        string found = signer.VerifierKey.ToString();
        signer.Dispose();
        throw new StorageException($"Receipts were handed over to another key than the folder has: {found} signs nothing any more.", StorageOutcome.Damaged);
    }

    /// <summary>Takes up a rotation that the node before left, if it did.</summary>
    /// <param name="announced">The last one that the configuration knows; null for none.</param>
    public async Task ResumeAsync(AnnouncedKey? announced)
    {
        if (announced?.OldVkey != Signer.VerifierKey.ToString())
        {
            return;
        }

        Ed25519NoteSigner? next = keys.TryOpenNext(KeyStore.ReceiptsName, keyName);
        if (next?.VerifierKey.ToString() != announced.NewVkey)
        {
            next?.Dispose();
            LogNotResumed(announced.NewVkey);
            return;
        }

        try
        {
            await HandOverAsync(next).ConfigureAwait(false);
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.NothingChanged)
        {
            // No room, most likely. The key in use goes on, and another call or start tries again.
            LogPutOff(e);
        }
    }

    /// <summary>Rotates the key.</summary>
    /// <param name="caller">Who asks.</param>
    public async Task<KeyRotated> RotateAsync(AppendCaller caller)
    {
        await _one.WaitAsync().ConfigureAwait(false);
        try
        {
            string old = Signer.VerifierKey.ToString();
            Ed25519NoteSigner next = keys.CreateNext(KeyStore.ReceiptsName, keyName);
            await Enter(SystemActions.ReceiptsRotate, ("key", "receipts"), caller, data =>
            {
                data.WriteString("old_vkey", old);
                data.WriteString("new_vkey", next.VerifierKey.ToString());
            }).ConfigureAwait(false);
            bool isDestroyed = await HandOverAsync(next).ConfigureAwait(false);
            return new KeyRotated(old, next.VerifierKey.ToString(), null, null, isDestroyed);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Waits until no rotation is under way.</summary>
    public async Task DrainAsync() => await _one.WaitAsync().ConfigureAwait(false);

    /// <inheritdoc/>
    public void Dispose()
    {
        _signer.Dispose();
        _one.Dispose();
    }

    private static ReadOnlyMemory<byte> Recorded(ICheckpointStore store, string keyName) => store.Load().GetValueOrDefault(CheckpointSwap.HandoversOf(keyName));

    private static bool IsLast(ReadOnlyMemory<byte> handovers, VerifierKey key)
    {
        try
        {
            return ReceiptsKeys.Of(key, NoteVerifiers.OfLog).With(handovers.Span).Current == key;
        }
        catch (VerificationException)
        {
            return false;
        }
        catch (TlogFormatException e)
        {
            throw new StorageException($"The recorded handovers of receipts are damaged: {e.Message}", StorageOutcome.Damaged, e);
        }
    }

    private async Task<bool> HandOverAsync(Ed25519NoteSigner next)
    {
        Ed25519NoteSigner old = Signer;
        byte[] note = SignedNote.Sign(new ReceiptsHandoverNote(old.VerifierKey, next.VerifierKey).Format(), old, next).ToBytes();
        ReadOnlyMemory<byte> known = Handovers;
        byte[] list = ReceiptsKeys.Append(known.Span, note);
        if (ReceiptsKeys.Of(old.VerifierKey, NoteVerifiers.OfLog).With(list).Current != next.VerifierKey)
        {
            throw new VerificationException($"The handover of receipts does not lead from {old.VerifierKey} to {next.VerifierKey}. Nothing was recorded.");
        }

        // A restore may have left a list of none, after a key that was lost.
        bool isRecorded = store.Load().ContainsKey(CheckpointSwap.HandoversOf(keyName));
        await store.SwapAsync([new CheckpointSwap(CheckpointSwap.HandoversOf(keyName), isRecorded ? known : default(ReadOnlyMemory<byte>?), list)]).ConfigureAwait(false);

        // The point of no return: whatever happens now, the next start goes on with the next key.
        await sequencer.UseReceiptsSignerAsync(next).ConfigureAwait(false);
        _signer = next;
        old.Dispose();
        LogHandedOver(old.VerifierKey.ToString(), next.VerifierKey.ToString());
        try
        {
            keys.Advance(KeyStore.ReceiptsName);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotDestroyed(e);
            return false;
        }
    }

    [LoggerMessage(1411, LogLevel.Warning, "Receipts were handed over from {OldVkey} to {NewVkey}; tell whoever verifies them")]
    private partial void LogHandedOver(string oldVkey, string newVkey);

    [LoggerMessage(1412, LogLevel.Error, "The configuration announces {NewVkey} as the next key of receipts, and it is lost; the key in use goes on. Rotate it again")]
    private partial void LogNotResumed(string newVkey);

    [LoggerMessage(1414, LogLevel.Error, "The rotation of the receipts' key could not go on; the key in use does")]
    private partial void LogPutOff(Exception failure);

    [LoggerMessage(1413, LogLevel.Error, "The old key of receipts could not be destroyed; it signs nothing, and the next start destroys it")]
    private partial void LogNotDestroyed(Exception failure);
}

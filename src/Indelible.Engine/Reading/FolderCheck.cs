using Indelible.Engine.Privacy;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;
using Indelible.Keys;
using Indelible.Notes;
using Indelible.Proofs;

namespace Indelible.Engine.Reading;

/// <summary>Checks what lies in a data folder beside one log's entries: checkpoint store, keys, vault, quarantine, and that nothing else lies there.</summary>
/// <remarks>
/// None of this can make a log valid; all of it can be wrong. Changes nothing. What needs the master key is not checked where that is
/// missing or may not be read: an auditor's copy does not have it.
/// </remarks>
public static class FolderCheck
{
    private const int MaxQuarantineBytes = 2_000_000_000;
    private const int NamesListed = 10;

    /// <summary>Checks a data folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="log">The log that is being verified.</param>
    /// <param name="logVkey">The key that the verifier pins for it; null not to compare it.</param>
    /// <param name="checkpointFolder">Where the checkpoint store is; null for its place in the data folder.</param>
    public static FolderFindings Run(DataFolder folder, string log, string? logVkey, string? checkpointFolder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var findings = new FolderFindings();
        FolderSettings? settings = null;
        findings.Try("indelible.json", () => settings = folder.ReadSettings());
        if (settings is null)
        {
            return findings;
        }

        findings.IsChecked("indelible.json has the hash that it ends in");
        CheckHeads(folder, checkpointFolder ?? folder.CheckpointsFolder, findings);
        CheckQuarantine(folder, findings);
        CheckSecrets(folder, settings, log, logVkey, checkpointFolder, findings);
        CheckNames(folder, findings);
        return findings;
    }

    private static void CheckHeads(DataFolder folder, string store, FolderFindings findings) => findings.Try("checkpoints/heads", () =>
    {
        FileCheckpointStore.ReadOnly(folder.Disk, store, out long restBytes);
        if (restBytes > 0 && folder.IsInUse)
        {
            findings.IsNotChecked("the end of checkpoints/heads: a node is running and may be writing there");
        }
        else if (restBytes > 0)
        {
            findings.IsUnclear("checkpoints/heads", $"its last {restBytes} bytes are no whole record: a crash leaves that, and so does a change to the last heads recorded");
        }
    });

    private static void CheckQuarantine(DataFolder folder, FolderFindings findings) => findings.Try("quarantine", () =>
    {
        foreach (string path in folder.Disk.Files(folder.QuarantineFolder))
        {
            if (!TornTail.Fits(path, folder.Disk.ReadWhole(path, MaxQuarantineBytes)))
            {
                findings.Fault(folder.NameOf(path), "its bytes do not have the digest in its name");
            }
        }
    });

    private static void CheckSecrets(DataFolder folder, FolderSettings settings, string log, string? logVkey, string? checkpointFolder, FolderFindings findings)
    {
        MasterKey? master = null;
        if (!folder.Disk.Exists(folder.MasterKeyFile))
        {
            findings.IsNotChecked("signing keys and the vault: there is no master.key here to open them with");
            return;
        }

        if (MasterKeyRewrap.IsUnfinished(folder))
        {
            findings.IsNotChecked("signing keys and the vault: an exchange of the master key is under way, or was broken off; the next start of the node, or doing it again, finishes it");
            return;
        }

        // Never drawn from: nothing is wrapped here.
        findings.Try("master.key", () => master = MasterKey.Open(folder.Disk, folder.MasterKeyFile, RandomSource.System));
        if (master is null)
        {
            return;
        }

        using (master)
        {
            CheckKeys(folder, settings, master, log, logVkey, ReceiptsVkey(folder, settings, checkpointFolder, findings), findings);
            if (File.Exists(folder.VaultFile))
            {
                CheckVault(folder, master, findings);
            }
            else
            {
                findings.IsUnclear("vault.db", "it is missing: the personal data of this log cannot be read");
            }
        }
    }

    private static void CheckVault(DataFolder folder, MasterKey master, FolderFindings findings) => findings.Try("vault.db", () =>
    {
        IReadOnlyList<string> faults = VaultCheck.Run(folder.VaultFile, master, out long keys);
        foreach (string fault in faults)
        {
            findings.Fault("vault.db", fault);
        }

        if (faults.Count == 0)
        {
            findings.IsChecked($"the vault is whole, and the {keys} data keys in it open");
            findings.IsNotChecked("whether the vault once held more data keys: what they opened is still proven, but can no longer be read");
        }
    });

    private static void CheckKeys(DataFolder folder, FolderSettings settings, MasterKey master, string log, string? logVkey, string receiptsVkey, FolderFindings findings)
    {
        int opened = 0;
        if (!folder.Disk.Exists(KeyStore.PathOf(folder.KeysFolder, KeyStore.ReceiptsName)))
        {
            findings.Fault($"keys/{KeyStore.ReceiptsName}.key", "it is missing: a node cannot start without it");
        }

        if (!folder.Disk.Exists(KeyStore.PathOf(folder.KeysFolder, log)))
        {
            findings.IsNotChecked($"the signing key of {log}: it is not here, as it is not when a restore has finished the log");
        }

        var keys = new KeyStore(folder.Disk, folder.KeysFolder, master, RandomSource.System);
        foreach (string path in folder.Disk.Files(folder.KeysFolder).Where(path => path.EndsWith(KeyStore.Extension, StringComparison.Ordinal)))
        {
            string name = Path.GetFileNameWithoutExtension(path);
            findings.Try(folder.NameOf(path), () =>
            {
                string keyName = KeyStore.NameOf(settings.Host, name);
                string? expected = name == log ? logVkey : name == KeyStore.ReceiptsName ? receiptsVkey : null;
                using Ed25519NoteSigner? next = keys.PeekNext(name, keyName);
                if (next is not null && (expected == next.VerifierKey.ToString() || (expected is null && !Opens(keys, name, keyName))))
                {
                    // Handed over, and broken off while the old key was destroyed.
                    findings.IsNotChecked($"{folder.NameOf(path)}: the key has been handed over to the one in {folder.NameOf(path)}{KeyStore.NextExtension}; the next start puts that in its place");
                    opened++;
                    return;
                }

                using Ed25519NoteSigner signer = keys.Open(name, keyName);
                if (expected is not null && signer.VerifierKey.ToString() != expected)
                {
                    throw new StorageException($"It holds the key {signer.VerifierKey}, not {expected}.", StorageOutcome.Damaged);
                }

                opened++;
            });
        }

        findings.IsChecked($"{opened} signing keys open under the master key and are the keys that they should be");
    }

    private static bool Opens(KeyStore keys, string name, string keyName)
    {
        try
        {
            keys.Open(name, keyName).Dispose();
            return true;
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
        {
            return false;
        }
    }

    /// <summary>The key that receipts are signed with now: the settings' first one, or the last that handovers lead to from it.</summary>
    private static string ReceiptsVkey(DataFolder folder, FolderSettings settings, string? checkpointFolder, FolderFindings findings)
    {
        string current = settings.ReceiptsVkey;
        findings.Try("the handovers of receipts", () =>
        {
            try
            {
                ReadOnlyMemory<byte> handovers = FolderLog.ReadHandovers(folder, KeyStore.NameOf(settings.Host, KeyStore.ReceiptsName), checkpointFolder);
                current = ReceiptsKeys.Of(VerifierKey.Parse(current), NoteVerifiers.OfLog).With(handovers.Span).Current.ToString();
            }
            catch (Exception e) when (e is TlogFormatException or VerificationException)
            {
                throw new StorageException(e.Message, StorageOutcome.Damaged, e);
            }
        });
        return current;
    }

    private static void CheckNames(DataFolder folder, FolderFindings findings) => findings.Try("the folder", () =>
    {
        string[] strange = [.. folder.Disk.FilesBelow(folder.Root).Where(path => IsStrange(folder, path)).Select(folder.NameOf)];
        if (strange.Length > 0)
        {
            findings.IsNotChecked($"what belongs to no data folder, or is a link: {string.Join(", ", strange.Take(NamesListed))}{(strange.Length > NamesListed ? ", …" : "")}");
        }
    });

    /// <summary>Whether it belongs to no data folder, or is a link or no file. What has gone meanwhile, as files do that a node is writing, is neither.</summary>
    private static bool IsStrange(DataFolder folder, string path)
    {
        try
        {
            return !DataFolder.IsOwn(folder.NameOf(path)) || !folder.Disk.IsPlain(path);
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }
}

using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Indelible.Engine.Configuration;

namespace Indelible.Server.Secrets;

/// <summary>Says where a secret is, in place of the secret: <c>env:NAME</c>, <c>file:PATH</c>, or <c>command:/PROGRAM ARGUMENTS</c>, whose output it is.</summary>
/// <remarks>
/// So that no secret stands in a process list, a unit file or a settings file. Commands are run without a shell: their arguments are separated by spaces, and the program
/// is named by its whole path, since a search for it could find somebody else's. What a command says on its standard error is not shown, for it may be the secret.
/// </remarks>
public static class SecretReference
{
    private const string Environment = "env:";
    private const string File = "file:";
    private const string Command = "command:";
    private const int MaxBytes = 64 << 10;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>Whether a text is a reference, good or not.</summary>
    public static bool IsReference(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new[] { Environment, File, Command }.Any(form => text.StartsWith(form, StringComparison.Ordinal));
    }

    /// <summary>The secret that a text refers to; a text that is no reference is the secret itself.</summary>
    /// <exception cref="SecretNotFoundException">There is none, or it is no text.</exception>
    public static string Resolve(string text)
    {
        if (!IsReference(text))
        {
            return text;
        }

        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(ResolveBytes(text)).TrimEnd('\r', '\n') is { Length: > 0 } secret
                ? secret
                : throw new SecretNotFoundException($"{NameOf(text)}: it is empty");
        }
        catch (DecoderFallbackException)
        {
            throw new SecretNotFoundException($"{NameOf(text)}: it is no text");
        }
    }

    /// <summary>The bytes that a reference refers to, as they are.</summary>
    /// <exception cref="SecretNotFoundException">There are none, or the text is no reference.</exception>
    public static byte[] ResolveBytes(string reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        byte[] secret = reference switch
        {
            _ when reference.StartsWith(Environment, StringComparison.Ordinal) => FromEnvironment(reference[Environment.Length..]),
            _ when reference.StartsWith(File, StringComparison.Ordinal) => FromFile(reference[File.Length..]),
            _ when reference.StartsWith(Command, StringComparison.Ordinal) => FromCommand(reference[Command.Length..]),
            _ => throw new SecretNotFoundException($"a reference to a secret, not the secret: {Environment}NAME, {File}PATH or {Command}/PROGRAM ARGUMENTS"),
        };
        return secret.Length > 0 ? secret : throw new SecretNotFoundException($"{NameOf(reference)}: it is empty");
    }

    /// <summary>A reference as it may be shown: without a command's arguments, which may be secret themselves, and without a key that stands where its place should.</summary>
    private static string NameOf(string reference)
    {
        string form = reference[..(reference.IndexOf(':', StringComparison.Ordinal) + 1)];
        string place = reference[form.Length..].Split(' ')[0];
        return ApiKeyText.HasForm(place) ? $"'{form}' and a key behind it, where its place should stand" : VisibleText.Excerpt(form == Command ? form + place : reference);
    }

    private static byte[] FromEnvironment(string name) => name.Length > 0 && System.Environment.GetEnvironmentVariable(name) is { } value
        ? Encoding.UTF8.GetBytes(value)
        : throw new SecretNotFoundException($"{NameOf(Environment + name)}: there is no such variable");

    private static byte[] FromFile(string path)
    {
        try
        {
            using FileStream file = System.IO.File.OpenRead(path);
            return ReadAll(file) ?? throw new SecretNotFoundException($"{NameOf(File + path)}: it has more than {MaxBytes} bytes");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new SecretNotFoundException($"{NameOf(File + path)}: {(e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : "it cannot be read")}");
        }
    }

    private static byte[] FromCommand(string line)
    {
        string name = NameOf(Command + line);
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0 || !Path.IsPathFullyQualified(words[0]))
        {
            throw new SecretNotFoundException($"{name}: the program's whole path, as in {Command}/usr/bin/pass show indelible");
        }

        var start = new ProcessStartInfo(words[0], words[1..]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process process = Process.Start(start)!;
            process.StandardInput.Close();
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            return OutputOf(process, name);
        }
        catch (Win32Exception e)
        {
            throw new SecretNotFoundException($"{name}: it cannot be run: {e.Message}");
        }
    }

    private static byte[] OutputOf(Process process, string name)
    {
        // Its output may end late, or never, where it left something behind that holds it open.
        byte[] buffer = new byte[MaxBytes + 1];
        Task<int> output = process.StandardOutput.BaseStream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false).AsTask();
        if (!output.Wait(s_patience) || (output.Result <= MaxBytes && !process.WaitForExit(s_patience)))
        {
            process.Kill(entireProcessTree: true);
            throw new SecretNotFoundException($"{name}: it did not end within {s_patience.TotalSeconds} s");
        }

        if (output.Result > MaxBytes)
        {
            process.Kill(entireProcessTree: true);
            throw new SecretNotFoundException($"{name}: it said more than {MaxBytes} bytes");
        }

        return process.ExitCode == 0 ? buffer[..output.Result] : throw new SecretNotFoundException($"{name}: it ended with {process.ExitCode}");
    }

    private static byte[]? ReadAll(Stream stream)
    {
        byte[] buffer = new byte[MaxBytes + 1];
        int length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return length > MaxBytes ? null : buffer[..length];
    }
}

using System.Text;
using Indelible.Server;

namespace Indelible.Cli;

/// <summary>Passes on visible characters and line feeds, and nothing else: the last guard of the terminal, whatever a command prints.</summary>
/// <param name="inner">Standard output or standard error.</param>
internal sealed class VisibleWriter(TextWriter inner) : TextWriter
{
    /// <inheritdoc/>
    public override Encoding Encoding => inner.Encoding;

    /// <summary>Has all that is printed go through such writers.</summary>
    public static void Install()
    {
        Painter.Install(Console.Out);
        Console.SetOut(new VisibleWriter(Console.Out));
        Console.SetError(new VisibleWriter(Console.Error));
    }

    /// <inheritdoc/>
    public override void Write(char value) => inner.Write(VisibleText.Clean([value], keepLines: true));

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => inner.Write(VisibleText.Clean(buffer.AsSpan(index, count), keepLines: true));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<char> buffer) => inner.Write(VisibleText.Clean(buffer, keepLines: true));

    /// <inheritdoc/>
    public override void Write(string? value) => inner.Write(VisibleText.Clean(value, keepLines: true));

    /// <inheritdoc/>
    public override void WriteLine(string? value) => inner.WriteLine(VisibleText.Clean(value, keepLines: true));

    /// <inheritdoc/>
    public override void Flush() => inner.Flush();
}

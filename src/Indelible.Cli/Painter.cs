using System.Text;

namespace Indelible.Cli;

/// <summary>Writes lines in colours, where standard output is a terminal that wants them (NO_COLOR, TERM=dumb).</summary>
/// <remarks>The one place that writes control characters, and only its own: every text is cleaned before it is painted.</remarks>
internal static class Painter
{
    private const int WidthOfNoTerminal = 80;

    private static TextWriter? s_terminal;   // past the guard; null where there is no colour

    /// <summary>Whether standard output is a terminal, coloured or not.</summary>
    public static bool IsTerminal => !Console.IsOutputRedirected;

    /// <summary>How many columns the terminal has.</summary>
    public static int Width
    {
        get
        {
            int width = IsTerminal ? Console.WindowWidth : 0;
            return width > 0 ? width : WidthOfNoTerminal;
        }
    }

    /// <summary>Paints from here on, if standard output is a terminal that wants it.</summary>
    /// <param name="terminal">Standard output itself.</param>
    public static void Install(TextWriter terminal)
    {
        bool isRefused = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) || Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb";
        s_terminal = IsTerminal && !isRefused ? terminal : null;
    }

    /// <summary>Writes a line of parts.</summary>
    public static void WriteLine(params IEnumerable<(Ink Ink, string Text)> parts)
    {
        var line = new StringBuilder();
        foreach ((Ink ink, string text) in parts)
        {
            string clean = Terminal.Clean(text);
            _ = s_terminal is null || ink == Ink.Plain || clean.Length == 0 ? line.Append(clean) : line.Append("\u001b[").Append(CodeOf(ink)).Append('m').Append(clean).Append("\u001b[0m");
        }

        string painted = line.ToString().TrimEnd(' ');
        if (s_terminal is null)
        {
            Console.WriteLine(painted);
        }
        else
        {
            s_terminal.WriteLine(painted);
        }
    }

    private static string CodeOf(Ink ink) => ink switch
    {
        Ink.Faint => "2",
        Ink.Strong => "1",
        Ink.Green => "32",
        Ink.Yellow => "33",
        Ink.Red => "1;31",
        _ => "36",
    };
}

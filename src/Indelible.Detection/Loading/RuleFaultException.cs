using YamlDotNet.Core;

namespace Indelible.Detection;

/// <summary>Ends the reading of one document: what is wrong with it, and where.</summary>
internal sealed class RuleFaultException(Mark place, string reason) : Exception(reason)
{
    public Mark Place { get; } = place;
}

using Indelible.Verification;

namespace Indelible.Server.Export;

/// <summary>An export did not come to its end; that is entered.</summary>
/// <param name="manifest">What left of it.</param>
/// <param name="cause">What cut it off.</param>
internal sealed class ExportBrokenException(ExportManifest manifest, Exception cause) : Exception($"The export {manifest.Id} was cut off: {manifest.Broken}.", cause)
{
    /// <summary>The manifest, which says that it is not complete.</summary>
    public ExportManifest Manifest { get; } = manifest;
}

using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Indelible.Client.Recording;

/// <summary>Reads options from a configuration's section by their names, and knows every name: a misspelt setting is a fault, not a default.</summary>
internal static class OptionsReader
{
    private static readonly Dictionary<string, Func<AuditClientOptions, string, bool>> s_settings = new(StringComparer.OrdinalIgnoreCase)
    {
        [nameof(AuditClientOptions.ServerUrl)] = (to, text) => Set(Uri.TryCreate(text, UriKind.Absolute, out Uri? url), () => to.ServerUrl = url),
        [nameof(AuditClientOptions.Log)] = (to, text) => Set(true, () => to.Log = text),
        [nameof(AuditClientOptions.Key)] = (to, text) => Set(true, () => to.Key = text),
        [nameof(AuditClientOptions.LogVkey)] = (to, text) => Set(true, () => to.LogVkey = text),
        [nameof(AuditClientOptions.ReceiptsVkey)] = (to, text) => Set(true, () => to.ReceiptsVkey = text),
        [nameof(AuditClientOptions.ServiceName)] = (to, text) => Set(true, () => to.ServiceName = text),
        [nameof(AuditClientOptions.ServiceVersion)] = (to, text) => Set(true, () => to.ServiceVersion = text),
        [nameof(AuditClientOptions.ServiceEnvironment)] = (to, text) => Set(true, () => to.ServiceEnvironment = text),
        [nameof(AuditClientOptions.InstanceId)] = (to, text) => Set(true, () => to.InstanceId = text),
        [nameof(AuditClientOptions.SpoolFolder)] = (to, text) => Set(true, () => to.SpoolFolder = text),
        [nameof(AuditClientOptions.DefaultMode)] = (to, text) => Set(TryWord(text, out DeliveryMode mode), () => to.DefaultMode = mode),
        [nameof(AuditClientOptions.WhenSpoolFull)] = (to, text) => Set(TryWord(text, out WhenSpoolFull policy), () => to.WhenSpoolFull = policy),
        [nameof(AuditClientOptions.GuaranteedBudget)] = (to, text) => Set(TryTime(text, out TimeSpan time), () => to.GuaranteedBudget = time),
        [nameof(AuditClientOptions.SpoolFullWait)] = (to, text) => Set(TryTime(text, out TimeSpan time), () => to.SpoolFullWait = time),
        [nameof(AuditClientOptions.Linger)] = (to, text) => Set(TryTime(text, out TimeSpan time), () => to.Linger = time),
        [nameof(AuditClientOptions.RequestTimeout)] = (to, text) => Set(TryTime(text, out TimeSpan time), () => to.RequestTimeout = time),
        [nameof(AuditClientOptions.FirstRetry)] = (to, text) => Set(TryTime(text, out TimeSpan time), () => to.FirstRetry = time),
        [nameof(AuditClientOptions.LongestRetry)] = (to, text) => Set(TryTime(text, out TimeSpan time), () => to.LongestRetry = time),
        [nameof(AuditClientOptions.CheckInterval)] = (to, text) => Set(TryTime(text, out TimeSpan time), () => to.CheckInterval = time),
        [nameof(AuditClientOptions.HeartbeatInterval)] = (to, text) => Set(TryTime(text, out TimeSpan time), () => to.HeartbeatInterval = time),
        [nameof(AuditClientOptions.ShutdownWait)] = (to, text) => Set(TryTime(text, out TimeSpan time), () => to.ShutdownWait = time),
        [nameof(AuditClientOptions.SpoolBytes)] = (to, text) => Set(TryNumber(text, out long number), () => to.SpoolBytes = number),
        [nameof(AuditClientOptions.ReceiptBytes)] = (to, text) => Set(TryNumber(text, out long number), () => to.ReceiptBytes = number),
        [nameof(AuditClientOptions.DeadLetterBytes)] = (to, text) => Set(TryNumber(text, out long number), () => to.DeadLetterBytes = number),
        [nameof(AuditClientOptions.BestEffortBytes)] = (to, text) => Set(TrySmall(text, out int number), () => to.BestEffortBytes = number),
        [nameof(AuditClientOptions.BatchEvents)] = (to, text) => Set(TrySmall(text, out int number), () => to.BatchEvents = number),
        [nameof(AuditClientOptions.BatchBytes)] = (to, text) => Set(TrySmall(text, out int number), () => to.BatchBytes = number),
        [nameof(AuditClientOptions.Compress)] = (to, text) => Set(bool.TryParse(text, out bool compress), () => to.Compress = compress),
    };

    /// <summary>Reads a section.</summary>
    /// <exception cref="ArgumentException">A setting is unknown or cannot be read; the message names each.</exception>
    public static void Read(IConfiguration section, AuditClientOptions options)
    {
        var faults = new List<string>();
        foreach (IConfigurationSection setting in section.GetChildren())
        {
            if (setting.Key.Equals(nameof(AuditClientOptions.Modes), StringComparison.OrdinalIgnoreCase))
            {
                ReadModes(setting, options, faults);
            }
            else if (!s_settings.TryGetValue(setting.Key, out Func<AuditClientOptions, string, bool>? read))
            {
                faults.Add($"{setting.Path} is no setting of the audit client.");
            }
            else if (setting.Value is not { } text || !read(options, text))
            {
                // The value is not shown: it may be a key.
                faults.Add($"{setting.Path} cannot be read.");
            }
        }

        if (faults.Count > 0)
        {
            throw new ArgumentException("The audit client's configuration cannot be used:\n  " + string.Join("\n  ", faults));
        }
    }

    private static void ReadModes(IConfigurationSection modes, AuditClientOptions options, List<string> faults)
    {
        foreach (IConfigurationSection mode in modes.GetChildren())
        {
            if (TryWord(mode.Value ?? "", out DeliveryMode value))
            {
                options.Modes[mode.Key] = value;
            }
            else
            {
                faults.Add($"{mode.Path} is '{mode.Value}'; {string.Join(", ", Enum.GetNames<DeliveryMode>())} are the modes.");
            }
        }
    }

    private static bool Set(bool isRead, Action set)
    {
        if (isRead)
        {
            set();
        }

        return isRead;
    }

    private static bool TryWord<T>(string text, out T value)
        where T : struct, Enum => Enum.TryParse(text, ignoreCase: true, out value) && Enum.IsDefined(value);

    private static bool TryTime(string text, out TimeSpan value) => TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value);

    private static bool TryNumber(string text, out long value) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private static bool TrySmall(string text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}

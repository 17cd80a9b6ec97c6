using System.Text.RegularExpressions;

namespace Indelible.Cli.Import;

/// <summary>What kind of thing a CloudTrail event is: the tables behind <c>operation</c> and <c>category</c>.</summary>
/// <remarks>Published in <c>docs/mappings/cloudtrail.md</c>; what changes here changes there.</remarks>
internal static partial class CloudTrailVerbs
{
    // Whole event names whose first word says something else.
    private static readonly Dictionary<string, string> ByName = new(StringComparer.Ordinal)
    {
        ["console_login"] = "login",
        ["switch_role"] = "login",
        ["assume_role"] = "login",
        ["assume_role_with_saml"] = "login",
        ["assume_role_with_web_identity"] = "login",
        ["assume_root"] = "login",
        ["get_session_token"] = "login",
        ["get_federation_token"] = "login",
        ["federate"] = "login",
        ["user_authentication"] = "login",
        ["re_encrypt"] = "execute",
        ["put_object"] = "create",
        ["run_instances"] = "create",
        ["add_permission"] = "grant",
        ["remove_permission"] = "revoke",
        ["create_grant"] = "grant",
        ["retire_grant"] = "revoke",
        ["schedule_key_deletion"] = "delete",
        ["start_logging"] = "enable",
        ["stop_logging"] = "disable",
        ["start_configuration_recorder"] = "enable",
        ["stop_configuration_recorder"] = "disable",
        ["start_session"] = "connect",
        ["resume_session"] = "connect",
        ["send_ssh_public_key"] = "connect",
    };

    private static readonly Dictionary<string, string> ByVerb = Verbs(
        ("read", "describe get head view download check"),
        ("list", "list"),
        ("search", "search lookup query scan select filter"),
        ("create", "create run allocate copy register request issue"),
        ("update", "update modify put set change replace add tag untag associate disassociate attach detach remove reset rename restore upload"),
        ("delete", "delete terminate deregister release purge destroy empty"),
        ("execute", "start stop reboot invoke send execute decrypt encrypt generate sign verify"),
        ("grant", "authorize grant"),
        ("revoke", "revoke"),
        ("enable", "enable activate"),
        ("disable", "disable deactivate"),
        ("approve", "approve accept"),
        ("reject", "reject decline"),
        ("export", "export"),
        ("import", "import"),
        ("share", "share"),
        ("move", "move"),
        ("logout", "logout signout"));

    // In the services that keep identities, what is attached is a right.
    private static readonly Dictionary<string, string> IdentityVerbs = Verbs(("grant", "attach add"), ("revoke", "detach remove"));

    private static readonly HashSet<string> IdentityServices =
        ["iam", "sso", "sso-directory", "identitystore", "organizations", "account", "rolesanywhere", "cognito-idp", "cognito-identity", "ds"];

    private static readonly HashSet<string> AuditServices =
        ["cloudtrail", "config", "logs", "guardduty", "securityhub", "access-analyzer", "detective", "macie2", "auditmanager"];

    // Calls of the management plane that hand out what is protected, or use it.
    private static readonly HashSet<string> DataReads =
    [
        "kms.decrypt", "kms.encrypt", "kms.re_encrypt", "kms.generate_data_key", "kms.generate_data_key_without_plaintext", "kms.sign", "kms.verify",
        "secretsmanager.get_secret_value", "secretsmanager.batch_get_secret_value",
        "ssm.get_parameter", "ssm.get_parameters", "ssm.get_parameters_by_path", "ssm.get_parameter_history", "ec2.get_password_data",
    ];

    private static readonly HashSet<string> DataChanges =
    [
        "secretsmanager.create_secret", "secretsmanager.put_secret_value", "secretsmanager.update_secret", "secretsmanager.delete_secret",
        "secretsmanager.restore_secret", "ssm.put_parameter", "ssm.delete_parameter", "ssm.delete_parameters",
    ];

    private static readonly HashSet<string> Changes =
        ["create", "update", "delete", "grant", "revoke", "enable", "disable", "approve", "reject", "import", "share", "move", "execute", "other"];

    private static readonly string[] RightsNames =
    [
        "bucket_policy", "resource_policy", "key_policy", "repository_policy", "queue_policy", "topic_policy", "access_point_policy", "bucket_acl",
        "object_acl", "permission", "grant", "public_access_block", "snapshot_attribute", "image_attribute",
    ];

    /// <summary>The operation, told by the name, by its first word, else by <paramref name="readOnly"/>.</summary>
    /// <param name="service">The service, such as <c>iam</c>.</param>
    /// <param name="words">The words of the event's name, at least one.</param>
    /// <param name="readOnly">What the record says about itself.</param>
    public static string Operation(string service, IReadOnlyList<string> words, bool readOnly)
    {
        string name = Name(words);
        if (ByName.TryGetValue(name, out string? operation))
        {
            return operation;
        }

        string verb = words[0] == "batch" && words.Count > 1 ? words[1] : words[0];
        if (IdentityServices.Contains(service))
        {
            if (IdentityVerbs.TryGetValue(verb, out operation))
            {
                return operation;
            }

            // An inline policy of a user, group or role is a right that comes and goes with it.
            if (words.Count == 3 && words[2] == "policy" && words[1] is "user" or "group" or "role" && verb is "put" or "delete")
            {
                return verb == "put" ? "grant" : "revoke";
            }
        }

        return ByVerb.TryGetValue(verb, out operation) ? operation : readOnly ? "read" : "other";
    }

    /// <summary>The category: what the event is about.</summary>
    /// <param name="service">The service, such as <c>iam</c>.</param>
    /// <param name="words">The words of the event's name, at least one.</param>
    /// <param name="operation">What <see cref="Operation"/> gave for them.</param>
    /// <param name="readOnly">What the record says about itself.</param>
    /// <param name="eventCategory">The record's <c>eventCategory</c>, or empty.</param>
    public static string Category(string service, IReadOnlyList<string> words, string operation, bool readOnly, string eventCategory)
    {
        string name = Name(words);
        bool changes = !readOnly && Changes.Contains(operation);
        if (operation is "login" or "logout" || service == "signin")
        {
            return "authentication";
        }

        if (operation == "connect" || (service == "ssm" && name == "terminate_session"))
        {
            return "session";
        }

        if (DataReads.Contains($"{service}.{name}"))
        {
            return "data_access";
        }

        if (DataChanges.Contains($"{service}.{name}"))
        {
            return "data_change";
        }

        if (AuditServices.Contains(service) || eventCategory == "Insight")
        {
            return "audit";
        }

        if (IdentityServices.Contains(service) && changes)
        {
            return "identity_admin";
        }

        if (changes && Array.Exists(RightsNames, right => name.Contains(right, StringComparison.Ordinal)))
        {
            return "authorization";
        }

        return eventCategory == "Data" ? (changes ? "data_change" : "data_access") : "config";
    }

    /// <summary>The event's name without the date of its API, which some services append: <c>AddPermission20150331v2</c>.</summary>
    private static string Name(IReadOnlyList<string> words) => ApiVersion().Replace(string.Join('_', words), "");

    [GeneratedRegex(@"[0-9]{8}(v[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex ApiVersion();

    private static Dictionary<string, string> Verbs(params ReadOnlySpan<(string Operation, string Verbs)> rows)
    {
        var table = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string operation, string verbs) in rows)
        {
            foreach (string verb in verbs.Split(' '))
            {
                table.Add(verb, operation);
            }
        }

        return table;
    }
}

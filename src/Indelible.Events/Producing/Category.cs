namespace Indelible.Events.Producing;

/// <summary>What the event is about, for retention and for class mappings.</summary>
public enum Category
{
    /// <summary>Who is it: login, logout, failures.</summary>
    Authentication,

    /// <summary>May they: grants and denials.</summary>
    Authorization,

    /// <summary>Data was read.</summary>
    DataAccess,

    /// <summary>Data was written.</summary>
    DataChange,

    /// <summary>Accounts, roles, credentials.</summary>
    IdentityAdmin,

    /// <summary>Settings.</summary>
    Config,

    /// <summary>Sessions started, used, ended.</summary>
    Session,

    /// <summary>Files.</summary>
    File,

    /// <summary>Machines and processes.</summary>
    System,

    /// <summary>The audit log itself.</summary>
    Audit,

    /// <summary>Anything else of the application.</summary>
    Application,
}

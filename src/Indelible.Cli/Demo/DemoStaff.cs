using System.Globalization;

namespace Indelible.Cli.Demo;

/// <summary>Who works at Brackwater Clinic, and the accounts of its machines.</summary>
internal sealed class DemoStaff
{
    private static readonly (string Role, int Count)[] Roles =
        [("doctor", 11), ("nurse", 14), ("reception", 6), ("billing", 4), ("it-admin", 3), ("manager", 2)];

    private static readonly string[] FirstNames =
    [
        "Ada", "Bram", "Celia", "Dario", "Edda", "Farid", "Greta", "Henrik", "Ines", "Jonas", "Kaya", "Lorenz", "Maeve", "Nils", "Odile", "Pavel",
        "Quentin", "Rosa", "Samir", "Tilda",
    ];

    private static readonly string[] LastNames =
    [
        "Abel", "Brandt", "Castell", "Dorn", "Eklund", "Faber", "Gruen", "Holm", "Ivarsen", "Jansky", "Keller", "Lund", "Moreau", "Nagel", "Osei",
        "Petrov", "Quist", "Renner", "Sandoz", "Thorne",
    ];

    /// <summary>Draws names; ids, roles and places are always the same.</summary>
    public DemoStaff(SeededRandom random)
    {
        var people = new List<DemoActor>();
        foreach ((string role, int count) in Roles)
        {
            for (int i = 0; i < count; i++)
            {
                int number = people.Count + 1;
                string name;
                do
                {
                    name = $"{random.Pick(FirstNames)} {random.Pick(LastNames)}";
                }
                while (people.Exists(person => person.Name == name));

                string ip = string.Create(CultureInfo.InvariantCulture, $"10.20.{1 + (number / 16)}.{10 + number}");
                people.Add(new DemoActor(string.Create(CultureInfo.InvariantCulture, $"u-{1000 + number}"), "user", role, name, ip));
            }
        }

        People = people;
    }

    /// <summary>The forty people who work in these days.</summary>
    public IReadOnlyList<DemoActor> People { get; }

    /// <summary>A contractor who left in spring and whose administrator's account was never closed.</summary>
    public DemoActor Dormant { get; } = new("u-1041", "user", "it-admin", "Wim Tasker", "");

    /// <summary>The administrator on duty the morning after.</summary>
    public DemoActor OnDuty => People.First(person => person.IsAdmin);

    /// <summary>The account that fetches results from the laboratory.</summary>
    public DemoActor LabImport { get; } = new("svc-lab-import", "service", "", null, "10.20.9.11");

    /// <summary>The account that reminds patients of appointments.</summary>
    public DemoActor Reminders { get; } = new("svc-reminders", "service", "", null, "10.20.9.12");

    /// <summary>The account that makes the reports.</summary>
    public DemoActor Reports { get; } = new("svc-reports", "service", "", null, "10.20.9.13");

    /// <summary>The account of the nightly backup.</summary>
    public DemoActor Backup { get; } = new("svc-backup", "service", "", null, "10.20.9.14");

    /// <summary>The agent that drafts notes for doctors.</summary>
    public DemoActor Scribe { get; } = new("agent-scribe", "ai_agent", "", null, "10.20.9.15");
}

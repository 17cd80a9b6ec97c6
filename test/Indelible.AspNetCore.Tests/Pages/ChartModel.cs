using Indelible.Client.Recording;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Indelible.AspNetCore.Tests.Pages;

/// <summary>A page as an application has it.</summary>
[Audit("chart.read", Target = "chart")]
[IgnoreAntiforgeryToken]
public sealed class ChartModel : PageModel
{
    public string Shown { get; private set; } = "";

    public void OnGet(string id) => Shown = id;

    [Audit("chart.sign")]
    public IActionResult OnPostSign(string id) => Content("signed " + id);

    [Audit("chart.delete", Mode = DeliveryMode.Guaranteed)]
    public IActionResult OnPostDelete(string id) => Content("deleted " + id);
}

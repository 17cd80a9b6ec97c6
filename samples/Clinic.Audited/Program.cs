using System.Security.Claims;
using Clinic;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Npgsql;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.Services.AddSingleton(NpgsqlDataSource.Create(builder.Configuration.GetConnectionString("Clinic")!));
builder.Services.AddSingleton<Staff>();
builder.Services.AddSingleton<PatientRecords>();
builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie();
builder.Services.AddAuthorizationBuilder()
    .AddPolicy("CareTeam", policy => policy.RequireRole("nurse", "doctor"))
    .AddPolicy("Doctors", policy => policy.RequireRole("doctor"));
builder.Services.AddHealthChecks();
builder.AddIndelible();

WebApplication app = builder.Build();
await app.Services.GetRequiredService<PatientRecords>().CreateAsync();
await app.Services.GetRequiredService<Staff>().CreateAsync(app.Configuration["Clinic:FirstPassword"]!);

app.UseIndelibleAudit();
app.MapHealthChecks("/healthz");

app.MapPost("/login", async (Credentials typed, Staff staff, HttpContext context) =>
{
    Member? member = await staff.FindAsync(typed.Name);
    if (member is null || !member.HasPassword(typed.Password))
    {
        context.AuditSignInFailure(member?.Id, member is null ? "unknown name" : "wrong password");
        return Results.Unauthorized();
    }

    await context.SignInAsync(member.ToPrincipal(CookieAuthenticationDefaults.AuthenticationScheme));
    return Results.NoContent();
});

app.MapPost("/logout", async (HttpContext context) =>
{
    await context.SignOutAsync();
    return Results.NoContent();
}).RequireAuthorization();

RouteGroupBuilder patients = app.MapGroup("/patients").RequireAuthorization("CareTeam")
    .WithAudit(configure: audit =>
    {
        audit.Target = "patient_record";
        audit.DataSubject = "id";
        audit.Classification = Classification.Phi;
    });

patients.MapGet("/", async (string name, PatientRecords records, HttpContext context) =>
{
    IReadOnlyList<Patient> found = await records.SearchAsync(name);
    context.AmendAudit(draft => found.Take(32).Aggregate(draft, (all, patient) => all.On("patient_record", patient.Id, Classification.Phi).About(patient.Id)));
    return found;
}).WithAudit("patient_record.search");

patients.MapGet("/{id}", async (string id, PatientRecords records) =>
    await records.FindAsync(id) is { } record ? Results.Ok(record) : Results.NotFound())
    .WithAudit("patient_record.read");

patients.MapPost("/{id}/notes", async (string id, Note note, ClaimsPrincipal user, PatientRecords records) =>
    await records.AddNoteAsync(id, user.Identity!.Name!, note.Text) ? Results.NoContent() : Results.NotFound())
    .WithAudit("patient_record.note.create");

patients.MapDelete("/{id}", async (string id, PatientRecords records) =>
    await records.DeleteAsync(id) ? Results.NoContent() : Results.NotFound())
    .RequireAuthorization("Doctors")
    .WithAudit("patient_record.delete", audit => audit.Mode = DeliveryMode.Guaranteed);

await app.RunAsync();

using System.Net;
using System.Security.Claims;
using Indelible.AspNetCore.Tests.Support;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Indelible.AspNetCore.Tests.SignIns;

/// <summary>Who came in, who went out, and who was turned away, with the framework's own handlers.</summary>
public sealed class SignInTests
{
    private static readonly SymmetricSecurityKey s_key = new(new byte[32]) { KeyId = "k" };

    [Fact]
    public async Task A_cookie_sign_in_and_sign_out_are_recorded_once_each_and_the_requests_for_it_are_not()
    {
        await using TestApp app = await TestApp.StartAsync(MapCookies, AddCookies);
        await app.Http.PostAsync("/login", null);
        await app.Http.PostAsync("/logout", null);
        await app.Http.PostAsync("/logout", null);

        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(3);
        Assert.Equal(["auth.login", "auth.logout", "http.post"], drafts.Select(draft => draft.Action));
        Assert.Equal(("u-1", "cookie", Category.Authentication, Operation.Login), (drafts[0].Actor!.Id, drafts[0].Authentication!.Method, drafts[0].Category, drafts[0].Operation));
        Assert.Equal(("u-1", Operation.Logout, "/logout"), (drafts[1].Actor!.Id, drafts[1].Operation, drafts[1].Request!.Route));
    }

    [Fact]
    public async Task A_cookie_scheme_s_redirections_are_denials_all_the_same()
    {
        await using TestApp app = await TestApp.StartAsync(MapCookies, AddCookies);
        Assert.Equal(HttpStatusCode.Redirect, (await app.Http.GetAsync("/admin")).StatusCode);
        await app.Http.PostAsync("/login", null);
        Assert.Equal(HttpStatusCode.Redirect, (await app.Http.GetAsync("/admin")).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await app.Http.GetAsync("/forbidden")).StatusCode);

        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(4);
        Assert.Equal((DecisionEffect.Challenge, Outcome.Failure), (drafts[0].Decision!.Effect, drafts[0].Outcome));
        Assert.Equal((DecisionEffect.Deny, "AdminsOnly", "roles:admin", "u-1"), (drafts[2].Decision!.Effect, drafts[2].Decision!.Policy, drafts[2].Decision!.Rule, drafts[2].Actor!.Id));
        Assert.Equal((DecisionEffect.Deny, "/forbidden"), (drafts[3].Decision!.Effect, drafts[3].Request!.Route));
    }

    [Fact]
    public async Task A_cookie_that_was_tampered_with_is_a_refused_credential()
    {
        await using TestApp app = await TestApp.StartAsync(MapCookies, AddCookies);
        app.Http.DefaultRequestHeaders.Add("Cookie", ".AspNetCore.Cookies=CfDJ8nonsense");
        await app.Http.GetAsync("/admin");

        EventDraft draft = await app.Recorder.WaitAsync("auth.authenticate");
        Assert.Equal((Outcome.Failure, "ticket not readable", "cookie"), (draft.Outcome, draft.OutcomeReason, draft.Authentication!.Method));
    }

    [Fact]
    public async Task A_bearer_token_s_subject_is_the_actor_and_an_expired_one_is_refused_without_its_text_in_the_record()
    {
        await using TestApp app = await TestApp.StartAsync(
            map => map.MapGet("/me", () => "me").RequireAuthorization(),
            builder => builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(options =>
            {
                options.MapInboundClaims = false;
                options.TokenValidationParameters = new TokenValidationParameters { IssuerSigningKey = s_key, ValidIssuer = "https://idp.example", ValidateAudience = false };
            }));
        DateTime now = TimeProvider.System.GetUtcNow().UtcDateTime;
        await GetAsync(app, Token(now.AddMinutes(5)));
        string expired = Token(now.AddHours(-1));
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync(app, expired));

        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(3);
        Assert.Equal(("u-9", "https://idp.example", "t-1", true), (drafts[0].Actor!.Id, drafts[0].Actor!.Issuer, drafts[0].Authentication!.CredentialId, drafts[0].Authentication!.Mfa));
        Assert.Equal(("auth.authenticate", "bearer"), (drafts[1].Action, drafts[1].Authentication!.Method));
        Assert.EndsWith("SecurityTokenExpiredException", drafts[1].OutcomeReason, StringComparison.Ordinal);
        Assert.Equal(("401", "anonymous"), (drafts[2].OutcomeCode, drafts[2].Actor!.Id));
        Assert.DoesNotContain(expired, string.Join('\n', drafts), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sign_in_at_another_provider_is_recorded_when_it_fails_and_when_it_succeeds()
    {
        await using TestApp app = await TestApp.StartAsync(
            map =>
            {
                map.MapGet("/signin", (HttpContext context) => context.ChallengeAsync("oidc", new AuthenticationProperties { RedirectUri = "/" }));
                map.MapGet("/as-the-handler-does", (HttpContext context) =>
                {
                    var properties = new AuthenticationProperties();
                    properties.Items[".AuthScheme"] = "oidc";
                    return context.SignInAsync(CookieAuthenticationDefaults.AuthenticationScheme, User("u-3"), properties);
                });
            },
            builder => builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie().AddOpenIdConnect("oidc", options =>
            {
                options.ClientId = "clinic";
                options.Configuration = new OpenIdConnectConfiguration { Issuer = "https://idp.example", AuthorizationEndpoint = "https://idp.example/auth" };
                options.Events.OnRemoteFailure = context =>
                {
                    context.Response.Redirect("/sorry");
                    context.HandleResponse();
                    return Task.CompletedTask;
                };
            }));
        Assert.Equal(HttpStatusCode.Redirect, (await app.Http.GetAsync("/signin")).StatusCode);
        using HttpResponseMessage failed = await app.Http.PostAsync("/signin-oidc", new FormUrlEncodedContent([new("error", "server_error"), new("state", "forged")]));
        Assert.Equal("/sorry", failed.Headers.Location!.OriginalString);
        await app.Http.GetAsync("/as-the-handler-does");

        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(2);
        Assert.Equal(("auth.login", Outcome.Failure, "oidc"), (drafts[0].Action, drafts[0].Outcome, drafts[0].Authentication!.Method));
        Assert.Equal(("auth.login", Outcome.Success, "oidc", "u-3"), (drafts[1].Action, drafts[1].Outcome, drafts[1].Authentication!.Method, drafts[1].Actor!.Id));
    }

    [Fact]
    public async Task Identity_s_failed_sign_ins_name_the_account_and_the_reason_and_never_what_was_typed()
    {
        await using TestApp app = await TestApp.StartAsync(
            map => map.MapPost("/login", async (string user, string password, SignInManager<Account> manager) =>
            {
                await manager.UserManager.FindByNameAsync("ada");
                Microsoft.AspNetCore.Identity.SignInResult result = await manager.PasswordSignInAsync(user, password, false, lockoutOnFailure: true);
                return result.ToString();
            }),
            builder =>
            {
                builder.Services.AddSingleton<IUserStore<Account>, Accounts>();
                builder.Services.AddAuthentication(IdentityConstants.ApplicationScheme).AddIdentityCookies();
                builder.Services.AddIdentityCore<Account>(options => options.Lockout.MaxFailedAccessAttempts = 2).AddSignInManager().AddIndelibleAudit();
            });
        string[] said =
        [
            await LoginAsync("hunter2", "ada"), await LoginAsync("ada", "hunter1"), await LoginAsync("ada", "hunter2"), await LoginAsync("ada", "wrong"), await LoginAsync("ada", "wrong"), await LoginAsync("ada", "hunter2"),
        ];
        Assert.Equal(["Failed", "Failed", "Succeeded", "Failed", "LockedOut", "LockedOut"], said);

        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(6);
        Assert.All(drafts, draft => Assert.Equal("auth.login", draft.Action));
        Assert.Equal(
            [("unknown", "unknown user"), ("acc-1", "invalid credentials"), ("acc-1", null), ("acc-1", "invalid credentials"), ("acc-1", "locked out"), ("acc-1", "locked out")],
            drafts.Select(draft => (draft.Actor!.Id, draft.OutcomeReason)));
        Assert.DoesNotContain("hunter", string.Join('\n', drafts), StringComparison.Ordinal);

        async Task<string> LoginAsync(string user, string password) => await (await app.Http.PostAsync($"/login?user={user}&password={password}", null)).Content.ReadAsStringAsync();
    }

    [Fact]
    public async Task An_application_that_checks_passwords_itself_says_so_in_one_line()
    {
        await using TestApp app = await TestApp.StartAsync(map => map.MapPost("/login", (HttpContext context) =>
        {
            context.AuditSignInFailure("u-1", "wrong password");
            return Results.Ok("try again");
        }));
        await app.Http.PostAsync("/login", null);
        await app.Http.PostAsync("/login", null);

        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(2);
        Assert.All(drafts, draft => Assert.Equal(("auth.login", "u-1", "wrong password", Outcome.Failure, "password"), (draft.Action, draft.Actor!.Id, draft.OutcomeReason, draft.Outcome, draft.Authentication!.Method)));
    }

    private static void AddCookies(WebApplicationBuilder builder)
    {
        builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie();
        builder.Services.AddAuthorizationBuilder().AddPolicy("AdminsOnly", policy => policy.RequireRole("admin"));
    }

    private static void MapCookies(WebApplication app)
    {
        app.MapPost("/login", (HttpContext context) => context.SignInAsync(User("u-1")));
        app.MapPost("/logout", (HttpContext context) => context.SignOutAsync());
        app.MapGet("/admin", () => "").RequireAuthorization("AdminsOnly");
        app.MapGet("/forbidden", () => Results.Forbid());
    }

    private static ClaimsPrincipal User(string id) => new(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, id)], "password"));

    private static string Token(DateTime expires) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = "https://idp.example",
        NotBefore = expires.AddMinutes(-30),
        Expires = expires,
        SigningCredentials = new SigningCredentials(s_key, SecurityAlgorithms.HmacSha256),
        Claims = new Dictionary<string, object> { ["sub"] = "u-9", ["jti"] = "t-1", ["amr"] = new[] { "pwd", "mfa" } },
    });

    private static async Task<HttpStatusCode> GetAsync(TestApp app, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/me");
        request.Headers.Authorization = new("Bearer", token);
        return (await app.Http.SendAsync(request)).StatusCode;
    }
}

/// <summary>A user as Identity has it.</summary>
public sealed class Account
{
    public string Id { get; set; } = "acc-1";

    public string? Hash { get; set; }

    public int Failures { get; set; }

    public DateTimeOffset? LockedUntil { get; set; }
}

/// <summary>Identity's store with one account: ada, hunter2.</summary>
internal sealed class Accounts : IUserPasswordStore<Account>, IUserLockoutStore<Account>
{
    private readonly Account _ada = new();

    public Accounts() => _ada.Hash = new PasswordHasher<Account>().HashPassword(_ada, "hunter2");

    public Task<Account?> FindByNameAsync(string normalizedUserName, CancellationToken cancellationToken) => Task.FromResult(normalizedUserName == "ADA" ? _ada : null);

    public Task<Account?> FindByIdAsync(string userId, CancellationToken cancellationToken) => Task.FromResult(userId == _ada.Id ? _ada : null);

    public Task<string> GetUserIdAsync(Account user, CancellationToken cancellationToken) => Task.FromResult(user.Id);

    public Task<string?> GetUserNameAsync(Account user, CancellationToken cancellationToken) => Task.FromResult<string?>("ada");

    public Task<string?> GetNormalizedUserNameAsync(Account user, CancellationToken cancellationToken) => Task.FromResult<string?>("ADA");

    public Task<string?> GetPasswordHashAsync(Account user, CancellationToken cancellationToken) => Task.FromResult(user.Hash);

    public Task<bool> HasPasswordAsync(Account user, CancellationToken cancellationToken) => Task.FromResult(true);

    public Task<DateTimeOffset?> GetLockoutEndDateAsync(Account user, CancellationToken cancellationToken) => Task.FromResult(user.LockedUntil);

    public Task SetLockoutEndDateAsync(Account user, DateTimeOffset? lockoutEnd, CancellationToken cancellationToken) => Done(() => user.LockedUntil = lockoutEnd);

    public Task<int> IncrementAccessFailedCountAsync(Account user, CancellationToken cancellationToken) => Task.FromResult(++user.Failures);

    public Task ResetAccessFailedCountAsync(Account user, CancellationToken cancellationToken) => Done(() => user.Failures = 0);

    public Task<int> GetAccessFailedCountAsync(Account user, CancellationToken cancellationToken) => Task.FromResult(user.Failures);

    public Task<bool> GetLockoutEnabledAsync(Account user, CancellationToken cancellationToken) => Task.FromResult(true);

    public Task SetLockoutEnabledAsync(Account user, bool enabled, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task SetPasswordHashAsync(Account user, string? passwordHash, CancellationToken cancellationToken) => Done(() => user.Hash = passwordHash);

    public Task SetUserNameAsync(Account user, string? userName, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task SetNormalizedUserNameAsync(Account user, string? normalizedName, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<IdentityResult> CreateAsync(Account user, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IdentityResult> UpdateAsync(Account user, CancellationToken cancellationToken) => Task.FromResult(IdentityResult.Success);

    public Task<IdentityResult> DeleteAsync(Account user, CancellationToken cancellationToken) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    private static Task Done(Action change)
    {
        change();
        return Task.CompletedTask;
    }
}

using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Indelible.AspNetCore.SignIns;

/// <summary>ASP.NET Core Identity's sign-in manager, with failed sign-ins recorded. What succeeds is recorded by the authentication service that it calls.</summary>
/// <typeparam name="TUser">The application's user.</typeparam>
/// <remarks>Whose account was tried is recorded by id. A name that is nobody's is not: people type their password there.</remarks>
public class AuditedSignInManager<TUser>(
    UserManager<TUser> userManager,
    IHttpContextAccessor contextAccessor,
    IUserClaimsPrincipalFactory<TUser> claimsFactory,
    IOptions<IdentityOptions> optionsAccessor,
    ILogger<SignInManager<TUser>> logger,
    IAuthenticationSchemeProvider schemes,
    IUserConfirmation<TUser> confirmation)
    : SignInManager<TUser>(userManager, contextAccessor, claimsFactory, optionsAccessor, logger, schemes, confirmation)
    where TUser : class
{
    /// <inheritdoc/>
    public override async Task<SignInResult> PasswordSignInAsync(string userName, string password, bool isPersistent, bool lockoutOnFailure)
    {
        TUser? user = await UserManager.FindByNameAsync(userName).ConfigureAwait(false);
        if (user is null)
        {
            Failed("password", null, "unknown user");
            return SignInResult.Failed;
        }

        return await PasswordSignInAsync(user, password, isPersistent, lockoutOnFailure).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async Task<SignInResult> CheckPasswordSignInAsync(TUser user, string password, bool lockoutOnFailure) =>
        await NotedAsync("password", user, await base.CheckPasswordSignInAsync(user, password, lockoutOnFailure).ConfigureAwait(false)).ConfigureAwait(false);

    /// <inheritdoc/>
    public override async Task<SignInResult> TwoFactorAuthenticatorSignInAsync(string code, bool isPersistent, bool rememberClient)
    {
        TUser? user = await GetTwoFactorAuthenticationUserAsync().ConfigureAwait(false);
        return await NotedAsync("totp", user, await base.TwoFactorAuthenticatorSignInAsync(code, isPersistent, rememberClient).ConfigureAwait(false)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async Task<SignInResult> TwoFactorSignInAsync(string provider, string code, bool isPersistent, bool rememberClient)
    {
        TUser? user = await GetTwoFactorAuthenticationUserAsync().ConfigureAwait(false);
        return await NotedAsync("second_factor", user, await base.TwoFactorSignInAsync(provider, code, isPersistent, rememberClient).ConfigureAwait(false)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async Task<SignInResult> TwoFactorRecoveryCodeSignInAsync(string recoveryCode)
    {
        TUser? user = await GetTwoFactorAuthenticationUserAsync().ConfigureAwait(false);
        return await NotedAsync("recovery_code", user, await base.TwoFactorRecoveryCodeSignInAsync(recoveryCode).ConfigureAwait(false)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async Task<SignInResult> ExternalLoginSignInAsync(string loginProvider, string providerKey, bool isPersistent, bool bypassTwoFactor)
    {
        TUser? user = await UserManager.FindByLoginAsync(loginProvider, providerKey).ConfigureAwait(false);
        return await NotedAsync("external", user, await base.ExternalLoginSignInAsync(loginProvider, providerKey, isPersistent, bypassTwoFactor).ConfigureAwait(false)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async Task<SignInResult> PasskeySignInAsync(string credentialJson) =>
        await NotedAsync("passkey", null, await base.PasskeySignInAsync(credentialJson).ConfigureAwait(false)).ConfigureAwait(false);

    private async Task<SignInResult> NotedAsync(string method, TUser? user, SignInResult result)
    {
        if (!result.Succeeded && !result.RequiresTwoFactor)
        {
            string? id = user is null ? null : await UserManager.GetUserIdAsync(user).ConfigureAwait(false);
            Failed(method, id, result.IsLockedOut ? "locked out" : result.IsNotAllowed ? "not allowed" : "invalid credentials");
        }

        return result;
    }

    private void Failed(string method, string? userId, string reason) =>
        Context.RequestServices.GetRequiredService<AuthenticationEvents>().Failed(Context, method, userId, reason);
}

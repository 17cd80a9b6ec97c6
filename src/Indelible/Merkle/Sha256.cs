using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Indelible.Merkle;

/// <summary>SHA-256 of short inputs, without the cost of setting up: a tree is made of hundreds of millions of them.</summary>
/// <remarks>
/// <para>
/// <see cref="SHA256.HashData(ReadOnlySpan{byte}, Span{byte})"/> goes through OpenSSL's general interface, which allocates a context,
/// looks up the algorithm and clears the error queue for every hash: more than the hashing itself where the input is one or a few
/// blocks. Where the runtime's own OpenSSL still has the three plain functions, they are called instead, on the stack. They are
/// deprecated, so everything falls back: another platform, another OpenSSL, a function that is gone, an answer that is wrong.
/// </para>
/// <para>Thread-safe.</para>
/// </remarks>
internal static unsafe class Sha256
{
    // A call that does not tell the garbage collector must be short: 1 KiB takes about a microsecond.
    private const int LongestShort = 1024;

    // OpenSSL's SHA256_CTX has 112 bytes on every platform; the rest is room.
    private const int ContextBytes = 256;

    private static readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<byte*, int> s_init;
    private static readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<byte*, byte*, nuint, int> s_update;
    private static readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<byte*, byte*, int> s_final;
    private static readonly bool s_isDirect;

    static Sha256()
    {
        if (OperatingSystem.IsLinux()
            && NativeLibrary.TryLoad("libcrypto.so.3", typeof(Sha256).Assembly, DllImportSearchPath.SafeDirectories, out nint library)
            && NativeLibrary.TryGetExport(library, "SHA256_Init", out nint init)
            && NativeLibrary.TryGetExport(library, "SHA256_Update", out nint update)
            && NativeLibrary.TryGetExport(library, "SHA256_Final", out nint final))
        {
            s_init = (delegate* unmanaged[Cdecl, SuppressGCTransition]<byte*, int>)init;
            s_update = (delegate* unmanaged[Cdecl, SuppressGCTransition]<byte*, byte*, nuint, int>)update;
            s_final = (delegate* unmanaged[Cdecl, SuppressGCTransition]<byte*, byte*, int>)final;
            Span<byte> direct = stackalloc byte[Hash.Size];
            ReadOnlySpan<byte> question = "Two implementations that agree on more than one block of input, whose length is no multiple of 64."u8;
            s_isDirect = TryHashDirectly(question, direct) && direct.SequenceEqual(SHA256.HashData(question));
        }
    }

    /// <summary>Computes SHA-256.</summary>
    /// <param name="input">Of any length; the gain is for at most 1 KiB.</param>
    /// <param name="destination">Receives <see cref="Hash.Size"/> bytes; may overlap the input.</param>
    /// <exception cref="ArgumentException">The destination is shorter.</exception>
    public static void HashData(ReadOnlySpan<byte> input, Span<byte> destination)
    {
        if (!s_isDirect || input.Length > LongestShort || destination.Length < Hash.Size || !TryHashDirectly(input, destination))
        {
            SHA256.HashData(input, destination);
        }
    }

    private static bool TryHashDirectly(ReadOnlySpan<byte> input, Span<byte> destination)
    {
        byte* context = stackalloc byte[ContextBytes];
        fixed (byte* from = input)
        fixed (byte* to = destination)
        {
            return s_init(context) == 1 && s_update(context, from, (nuint)input.Length) == 1 && s_final(to, context) == 1;
        }
    }
}

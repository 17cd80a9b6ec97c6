using System.Net;
using System.Net.Sockets;

namespace Indelible.Client.Tests.Recording;

/// <summary>A wire between client and server that can be bad: it passes bytes on, swallows them, or is not there.</summary>
internal sealed class Wire : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _lines = [];
    private readonly List<TcpClient> _open = [];
    private readonly Lock _gate = new();
    private readonly int _port = BlackBox.Tests.Command.FreePort();
    private TcpListener? _listener;
    private Uri _target;
    private volatile bool _answers = true;
    private volatile bool _asks = true;
    private volatile int _dead;
    private long _swallowed;

    public Wire(string target)
    {
        _target = new Uri(target);
        Connect();
    }

    public string Url => $"http://127.0.0.1:{_port}";

    /// <summary>How many connections were made.</summary>
    public int Connections { get; private set; }

    /// <summary>How many bytes of the client's were swallowed.</summary>
    public long Swallowed => Interlocked.Read(ref _swallowed);

    /// <summary>Leads to another server from now on.</summary>
    public void LeadTo(string target)
    {
        _target = new Uri(target);
        Cut();
    }

    /// <summary>Swallows what the client sends: the server never sees it, and never answers.</summary>
    public void Swallow()
    {
        _asks = false;
        _answers = false;
    }

    /// <summary>Swallows what the server answers: it has done what it was asked.</summary>
    public void SwallowAnswers() => _answers = false;

    /// <summary>Swallows everything of the connections that there are, both ways, and says nothing. New ones are well.</summary>
    public void Deaden() => _dead = Connections;

    /// <summary>Is well again, for new connections.</summary>
    public void Mend()
    {
        _asks = true;
        _answers = true;
        Cut();
        Connect();
    }

    /// <summary>Is not there: connections are refused.</summary>
    public void Refuse()
    {
        _listener?.Stop();
        _listener = null;
        Cut();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Refuse();
        await Task.WhenAll(_lines);
        _stop.Dispose();
    }

    private void Connect()
    {
        if (_listener is null)
        {
            _listener = new TcpListener(IPAddress.Loopback, _port);
            _listener.Start();
            _lines.Add(AcceptAsync(_listener));
        }
    }

    private void Cut()
    {
        lock (_gate)
        {
            _open.ForEach(client => client.Dispose());
            _open.Clear();
        }
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                TcpClient near = await listener.AcceptTcpClientAsync(_stop.Token);
                var far = new TcpClient();
                lock (_gate)
                {
                    _open.AddRange([near, far]);
                    Connections++;
                }

                _lines.Add(LinkAsync(near, far, Connections));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The wire was taken away.
        }
    }

    private async Task LinkAsync(TcpClient near, TcpClient far, int number)
    {
        try
        {
            await far.ConnectAsync(_target.Host, _target.Port, _stop.Token);
            Task there = PumpAsync(near, far, () => _asks && number > _dead, read => Interlocked.Add(ref _swallowed, read));
            Task back = PumpAsync(far, near, () => _answers && number > _dead, _ => { });
            await Task.WhenAny(there, back);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or IOException or ObjectDisposedException)
        {
            // Cut, or the server is not there: the client sees a connection that breaks.
        }
        finally
        {
            near.Dispose();
            far.Dispose();
        }
    }

    private async Task PumpAsync(TcpClient from, TcpClient to, Func<bool> passes, Action<int> onSwallowed)
    {
        try
        {
            byte[] buffer = new byte[16 * 1024];
            int read;
            while ((read = await from.GetStream().ReadAsync(buffer, _stop.Token)) > 0)
            {
                if (passes())
                {
                    await to.GetStream().WriteAsync(buffer.AsMemory(0, read), _stop.Token);
                }
                else
                {
                    onSwallowed(read);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Cut.
        }
    }
}

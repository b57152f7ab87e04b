using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Proxies;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Processes;

namespace PooledClients.IntegrationTests.Http;

/// <summary>That a pooled client goes through a proxy where a plain one does, to https by a tunnel.</summary>
public class ProxyTests : WatchedTest
{
    [Theory]
    [InlineData("1.1", false)]
    [InlineData("1.1", true)]
    [InlineData("2.0", false)]
    public async Task Get_HttpsThroughAProxy_Arrives(string version, bool withCredentials)
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(Version.Parse(version), tls: true);
        await using var proxy = TunnelProxy.Start(withCredentials);
        var credentials = withCredentials ? new NetworkCredential("user", "secret") : null;
        await using var twins = new HttpTwins(
            Log, server.Address, version, options => options.Deadline = TimeSpan.FromSeconds(20),
            handler => handler.Proxy = new WebProxy(proxy.Address) { Credentials = credentials });

        Assert.Equal(HttpApi.Text, await twins.SameAsync(client => client.GetStringAsync("/text", TestContext.Current.CancellationToken)));
        Assert.Equal(HttpApi.Text, await twins.SameAsync(client => client.GetStringAsync("/text", TestContext.Current.CancellationToken)));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => twins.Pooled.GetStringAsync("/text", TestContext.Current.CancellationToken)));
    }

    [Theory]
    [InlineData("HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")]
    [InlineData(RawHttpServer.End)]
    public async Task Get_ProxyRefuses_FailsAsPlainAfterAFewAttempts(string answer)
    {
        Log.Allow("");
        await using var proxy = new RawHttpServer(_ => answer);
        await using var twins = new HttpTwins(
            Log, new Uri("https://localhost:1"), "1.1", options => options.Deadline = TimeSpan.FromSeconds(20), handler => handler.Proxy = new WebProxy(proxy.Address));

        await twins.SameAsync(client => client.GetStringAsync("/text", TestContext.Current.CancellationToken));

        // The runtime asks a proxy that closes the connection four times four times over: for plain, and for each of four attempts.
        Assert.InRange(proxy.Requests.Count, 1, 16 * 5);
    }

    [Fact]
    public async Task Get_NobodyAtTheProxysAddress_FailsAsPlain()
    {
        Log.Allow("");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        await using var twins = new HttpTwins(
            Log, new Uri("https://localhost:1"), "1.1", options => options.Deadline = TimeSpan.FromSeconds(20), handler => handler.Proxy = new WebProxy($"http://localhost:{port}"));

        Assert.StartsWith("HttpRequestException", await twins.SameAsync(client => client.GetStringAsync("/text", TestContext.Current.CancellationToken)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTPS_PROXY")]
    [InlineData("DefaultProxy")]
    public async Task Get_ProxyOfTheProcess_IsGoneThrough(string source)
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11, tls: true);
        await using var proxy = TunnelProxy.Start(withCredentials: false);

        var child = (await ChildProcess.RunAsync(
            GetThroughTheProcessesProxyAsync, descriptorLimit: null, source, proxy.Address.ToString(), server.Address.ToString(), TestAuthority.Shared.Certificate.ExportCertificatePem())).AssertSucceeded();

        Assert.Equal(HttpApi.Text, child.Output.Trim());
        Assert.StartsWith("CONNECT localhost:", Assert.Single(proxy.Requests), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_HostInNoProxy_IsNotGoneThrough()
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11, tls: true);
        await using var proxy = TunnelProxy.Start(withCredentials: false);

        var child = (await ChildProcess.RunAsync(
            GetThroughTheProcessesProxyAsync, descriptorLimit: null, "NO_PROXY", proxy.Address.ToString(), server.Address.ToString(), TestAuthority.Shared.Certificate.ExportCertificatePem())).AssertSucceeded();

        Assert.Equal(HttpApi.Text, child.Output.Trim());
        Assert.Empty(proxy.Requests);
    }

    private static async Task GetThroughTheProcessesProxyAsync(string[] args)
    {
        if (args[0] == "DefaultProxy")
        {
            HttpClient.DefaultProxy = new WebProxy(args[1]);
        }
        else
        {
            Environment.SetEnvironmentVariable("HTTPS_PROXY", args[1]);
            Environment.SetEnvironmentVariable("NO_PROXY", args[0] == "NO_PROXY" ? "localhost,.internal" : null);
        }

        await using var services = new ServiceCollection()
            .AddPooledHttpClient(options =>
            {
                options.Tls.CaCertificatePem = args[3];
                options.Deadline = TimeSpan.FromSeconds(20);
            })
            .Services.BuildServiceProvider();
        Console.WriteLine(await services.GetRequiredService<HttpClient>().GetStringAsync(args[2] + "text"));
    }
}

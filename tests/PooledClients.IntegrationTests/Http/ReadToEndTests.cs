using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;

namespace PooledClients.IntegrationTests.Http;

/// <summary>That every way to read a body to its end, with a token, comes to the end a plain client's comes to.</summary>
public class ReadToEndTests : WatchedTest
{
    public static TheoryData<string, string, bool> Reads
    {
        get
        {
            var data = new TheoryData<string, string, bool>();
            foreach (var way in Ways.Keys)
            {
                data.Add("1.1", way, false);
                data.Add("1.1", way, true);
                data.Add("2.0", way, false);
                data.Add("2.0", way, true);
            }

            return data;
        }
    }

    private static Dictionary<string, Func<HttpClient, CancellationToken, Task<string>>> Ways { get; } = new(StringComparer.Ordinal)
    {
        ["GetFromJsonAsync"] = async (client, token) => (await client.GetFromJsonAsync<UploadedFile>("/json", token))!.ToString()!,
        ["ReadFromJsonAsync"] = async (client, token) =>
        {
            using var response = await client.GetAsync("/json", HttpCompletionOption.ResponseHeadersRead, token);
            return (await response.Content.ReadFromJsonAsync<UploadedFile>(token))!.ToString()!;
        },
        ["DeserializeAsync"] = async (client, token) =>
        {
            await using var stream = await client.GetStreamAsync("/json", token);
            return (await JsonSerializer.DeserializeAsync<UploadedFile>(stream, JsonSerializerOptions.Web, token))!.ToString()!;
        },
        ["ReadToEndAsync"] = async (client, token) =>
        {
            using var reader = new StreamReader(await client.GetStreamAsync("/chunked", token));
            return await reader.ReadToEndAsync(token);
        },
        ["ReadAtLeastAsync"] = async (client, token) =>
        {
            await using var stream = await client.GetStreamAsync("/chunked", token);
            var buffer = new byte[100];
            var count = await stream.ReadAtLeastAsync(buffer, 100, throwOnEndOfStream: false, token);
            return Encoding.UTF8.GetString(buffer, 0, count) + await stream.ReadAsync(buffer, token);
        },
        ["GetAsync"] = async (client, token) => await (await client.GetAsync("/chunked", token)).Content.ReadAsStringAsync(token),
        ["GetStringAsync"] = (client, token) => client.GetStringAsync("/chunked", token),
        ["GetStringAsync of a known length"] = (client, token) => client.GetStringAsync("/length", token),
        ["read on after the end, and after dispose"] = async (client, token) =>
        {
            var stream = await client.GetStreamAsync("/length", token);
            var buffer = new byte[HttpApi.Text.Length];
            await stream.ReadExactlyAsync(buffer, token);
            var more = await stream.ReadAsync(buffer, token) + await stream.ReadAsync(Memory<byte>.Empty, token) + stream.Read(buffer);
            await stream.DisposeAsync();
            return $"{Encoding.UTF8.GetString(buffer)} {more} {stream.CanRead}";
        },
    };

    [Theory]
    [MemberData(nameof(Reads))]
    public async Task Read_WithATokenToTheEnd_IsWhatAPlainClientReads(string version, string way, bool withReadTimeout)
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(Version.Parse(version));
        await using var twins = new HttpTwins(
            Log, server.Address, version, options => options.IdleReadTimeout = withReadTimeout ? TimeSpan.FromSeconds(30) : null);
        using var cancellation = new CancellationTokenSource();

        var read = await twins.SameAsync(client => Ways[way](client, cancellation.Token));

        Assert.DoesNotContain("Exception", read, StringComparison.Ordinal);
        Assert.Equal(0, twins.Fixture.Registry.Open);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_HeadersEndTheStream_IsEmpty(bool tls)
    {
        await using var server = new RawHttp2Server(
            async connection =>
            {
                await connection.SendSettingsAsync();
                while (true)
                {
                    var request = await connection.ReceiveCompleteAsync();
                    await connection.SendAsync(
                        FrameType.Headers, FrameFlags.EndHeaders | FrameFlags.EndStream, request.StreamId, Hpack.Encode([(":status", request.Path[1..])]));
                }
            },
            tls);
        await using var twins = new HttpTwins(Log, server.Address, "2.0");
        foreach (var status in new[] { "200", "201", "204", "304", "404", "418" })
        {
            await twins.SameAsync(async client => Describe(await client.GetAsync("/" + status, TestContext.Current.CancellationToken)));
            await twins.SameAsync(async client => Describe(await client.DeleteAsync("/" + status, TestContext.Current.CancellationToken)));
            await twins.SameAsync(async client =>
            {
                using var response = await client.GetAsync("/" + status, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
                return Describe(response) + await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            });
            await twins.SameAsync(async client =>
            {
                using var response = await client.GetAsync("/" + status, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
                await using var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
                return Describe(response) + await stream.ReadAsync(new byte[4], TestContext.Current.CancellationToken);
            });
        }

        Assert.Equal("200 ", Describe(await twins.Pooled.GetAsync("/200", TestContext.Current.CancellationToken))[..4]);
        Assert.Equal(0, twins.Fixture.Registry.Open);
    }

    private static string Describe(HttpResponseMessage response) => $"{(int)response.StatusCode} {response.Content.Headers.ContentLength}";
}

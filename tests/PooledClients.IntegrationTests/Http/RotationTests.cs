using System.Collections;
using System.Net;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using PooledClients.Connections;
using PooledClients.Http;
using PooledClients.TestBed.Logs;

namespace PooledClients.IntegrationTests.Http;

/// <summary>That a pipeline which the factory makes anew, as it does every few minutes, leaves nothing behind.</summary>
public class RotationTests : WatchedTest
{
    [Fact]
    public async Task Pipeline_MadeAnew_LooksAtNothingMore()
    {
        await using var http = new HttpFixture(Log, HttpVersion.Version11, new Uri("http://localhost:1"));
        var filter = http.Services.GetServices<IHttpMessageHandlerBuilderFilter>().OfType<HttpPipelineFilter>().Single();
        Make();
        var before = Looks();

        Make();
        Make();

        Assert.Equal(before, Looks());

        void Make()
        {
            var builder = http.Services.GetRequiredService<HttpMessageHandlerBuilder>();
            builder.Name = "uploads";
            filter.Configure(static _ => { })(builder);
            builder.Build();
        }

        // Nothing but a test asks.
        int Looks() => ((ICollection)typeof(IdleSweep).GetField("_sweeps", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(http.Services.GetRequiredService<IdleSweep>())!).Count;
    }
}

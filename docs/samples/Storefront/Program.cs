using Microsoft.Net.Http.Headers;
using Samples;
using Samples.V1;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.Services.AddRequestTimeouts();

// Each request calls the stock with the token that it came with.
builder.Services.AddHttpContextAccessor();
builder.Services.AddScoped<RequestToken>();
builder.Services.AddPooledGrpcClient<Stock.StockClient>().AsScoped().AddCallCredentials((context, metadata, provider) =>
{
    metadata.Add("authorization", provider.GetRequiredService<RequestToken>().Value);
    return Task.CompletedTask;
});
builder.Services.AddPooledHttpClient("prices");

var app = builder.Build();
app.UseRequestTimeouts();
app.UseCallDeadlines();
app.MapDefaultEndpoints();
app.MapGet("/stock/{item}", async (string item, Stock.StockClient stock) => (await stock.CountAsync(new CountRequest { Item = item })).Count)
    .WithRequestTimeout(TimeSpan.FromSeconds(5));
app.MapGet("/prices/{item}", (string item, [FromKeyedServices("prices")] HttpClient prices) => prices.GetStringAsync($"prices/{item}"));
app.Run();

internal sealed class RequestToken(IHttpContextAccessor context)
{
    public string Value => context.HttpContext?.Request.Headers[HeaderNames.Authorization].ToString() ?? "";
}

/// <summary>Named by the tests.</summary>
public partial class Program;

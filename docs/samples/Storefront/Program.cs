using Samples;
using Samples.V1;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.Services.AddRequestTimeouts();

// Each request calls the stock and the prices with the token that it came with.
builder.Services.AddScoped<RequestToken>();
builder.Services.AddPooledGrpcClient<Stock.StockClient>().AsScoped().AddCallCredentials((context, metadata, provider) =>
{
    metadata.Add("authorization", provider.GetRequiredService<RequestToken>().Value);
    return Task.CompletedTask;
});
builder.Services.AddPooledHttpClient("prices").AsScoped().AddHttpMessageHandler(provider => new TokenHandler(provider.GetRequiredService<RequestToken>()));

var app = builder.Build();
app.UseRequestTimeouts();
app.UseCallDeadlines();
app.Use((context, next) =>
{
    context.RequestServices.GetRequiredService<RequestToken>().Value = context.Request.Headers.Authorization.ToString();
    return next(context);
});
app.MapDefaultEndpoints();
app.MapGet("/stock/{item}", async (string item, Stock.StockClient stock) => (await stock.CountAsync(new CountRequest { Item = item })).Count)
    .WithRequestTimeout(TimeSpan.FromSeconds(5));
app.MapGet("/prices/{item}", (string item, [FromKeyedServices("prices")] HttpClient prices) => prices.GetStringAsync($"prices/{item}"));
app.Run();

/// <summary>Of one scope, and told by the middleware: whoever has another's has another's token.</summary>
internal sealed class RequestToken
{
    public string Value { get; set; } = "";
}

internal sealed class TokenHandler(RequestToken token) : DelegatingHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // A retry comes through here again, with the request as it left.
        request.Headers.Remove("authorization");
        request.Headers.TryAddWithoutValidation("authorization", token.Value);
        return base.SendAsync(request, cancellationToken);
    }
}

/// <summary>Named by the tests.</summary>
public partial class Program;

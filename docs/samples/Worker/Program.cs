using Samples;

var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddStockCounter();
builder.Build().Run();

using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Formatting;
using Microsoft.CodeAnalysis.Simplification;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace PooledClients.Analyzers.CodeFixes;

/// <summary>Gives a class one more thing that its constructor takes.</summary>
internal sealed class Injection
{
    private readonly TypeSyntax _injected;
    private readonly string _parameter;

    private Injection(TypeDeclarationSyntax type, ITypeSymbol injected, string parameter)
    {
        _injected = ParseTypeName(injected.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat)).WithAdditionalAnnotations(Simplifier.Annotation);
        _parameter = parameter;
        Member = type.ParameterList is null ? "_" + parameter : parameter;
    }

    /// <summary>Gets the name by which members use it.</summary>
    public string Member { get; }

    /// <summary>For an instance member of a class with one constructor at most; elsewhere null.</summary>
    public static Injection? Into(SyntaxNode place, ITypeSymbol injected, string name, SemanticModel model)
    {
        var member = place.FirstAncestorOrSelf<MemberDeclarationSyntax>(node => node is BaseMethodDeclarationSyntax or BasePropertyDeclarationSyntax);
        if (member?.Parent is not ClassDeclarationSyntax type || IsStatic(member.Modifiers) || IsStatic(type.Modifiers) || place.Ancestors().TakeWhile(node => node != member).Any(IsStaticFunction)
            || Constructors(type).Count() > 1 || Constructors(type).Any(constructor => constructor.Body is null)
            || (type.ParameterList is null && type.Modifiers.Any(SyntaxKind.PartialKeyword) && !Constructors(type).Any())
            || !CanSee(type, injected, model))
        {
            return null;
        }

        var taken = new HashSet<string>(type.DescendantTokens().Where(token => token.IsKind(SyntaxKind.IdentifierToken)).Select(token => token.ValueText));
        var free = name;
        for (var number = 2; taken.Contains(free) || taken.Contains("_" + free); number++)
        {
            free = name + number;
        }

        return new Injection(type, injected, free);
    }

    /// <summary>Whoever can call the constructor must know what it takes.</summary>
    private static bool CanSee(ClassDeclarationSyntax type, ITypeSymbol injected, SemanticModel model)
    {
        var constructor = Constructors(type).FirstOrDefault();
        var isOpen = constructor is null || constructor.Modifiers.Any(SyntaxKind.PublicKeyword) || constructor.Modifiers.Any(SyntaxKind.ProtectedKeyword);
        return IsSeen(injected, Accessibility.Internal)
            && (IsSeen(injected, Accessibility.Public) || !isOpen || model.GetDeclaredSymbol(type) is not { } owner || !IsSeen(owner, Accessibility.Public));
    }

    private static bool IsSeen(ITypeSymbol type, Accessibility atLeast)
    {
        for (var outer = type; outer is not null; outer = outer.ContainingType)
        {
            if (outer.DeclaredAccessibility is not (Accessibility.Public or Accessibility.Protected or Accessibility.ProtectedOrInternal)
                && (atLeast == Accessibility.Public || outer.DeclaredAccessibility != Accessibility.Internal))
            {
                return false;
            }
        }

        return type is not INamedTypeSymbol { IsFileLocal: true };
    }

    /// <summary>Returns the class with the parameter, and the field that keeps it.</summary>
    public TypeDeclarationSyntax Apply(TypeDeclarationSyntax type)
    {
        var parameter = Parameter(Identifier(_parameter)).WithType(_injected.WithTrailingTrivia(Space));
        if (type.ParameterList is { } parameters)
        {
            return type.WithParameterList(Added(parameters, parameter));
        }

        var assignment = ParseStatement($"{Member} = {_parameter};").WithTrailingTrivia(ElasticCarriageReturnLineFeed).WithAdditionalAnnotations(Formatter.Annotation);
        var constructor = Constructors(type).FirstOrDefault();
        if (constructor is not null)
        {
            var changed = constructor.WithParameterList(Added(constructor.ParameterList, parameter)).WithBody(constructor.Body!.AddStatements(assignment));
            type = type.ReplaceNode(constructor, changed.WithAdditionalAnnotations(Formatter.Annotation));
        }
        else
        {
            var made = ConstructorDeclaration(type.Identifier.WithoutTrivia()).AddModifiers(Token(SyntaxKind.PublicKeyword))
                .AddParameterListParameters(parameter).WithBody(Block(assignment)).NormalizeWhitespace().WithTrailingTrivia(ElasticCarriageReturnLineFeed, ElasticCarriageReturnLineFeed);
            type = type.WithMembers(type.Members.Insert(0, made.WithAdditionalAnnotations(Formatter.Annotation)));
        }

        var field = FieldDeclaration(VariableDeclaration(_injected, SingletonSeparatedList(VariableDeclarator(Member))))
            .AddModifiers(Token(SyntaxKind.PrivateKeyword), Token(SyntaxKind.ReadOnlyKeyword)).NormalizeWhitespace().WithTrailingTrivia(ElasticCarriageReturnLineFeed);
        return type.WithMembers(type.Members.Insert(0, field.WithAdditionalAnnotations(Formatter.Annotation)));
    }

    private static ParameterListSyntax Added(ParameterListSyntax list, ParameterSyntax parameter)
        => list.AddParameters(list.Parameters.Count == 0 ? parameter : parameter.WithLeadingTrivia(Space));

    private static IEnumerable<ConstructorDeclarationSyntax> Constructors(TypeDeclarationSyntax type)
        => type.Members.OfType<ConstructorDeclarationSyntax>().Where(constructor => !IsStatic(constructor.Modifiers));

    private static bool IsStatic(SyntaxTokenList modifiers) => modifiers.Any(SyntaxKind.StaticKeyword);

    private static bool IsStaticFunction(SyntaxNode node) => node switch
    {
        LocalFunctionStatementSyntax function => IsStatic(function.Modifiers),
        AnonymousFunctionExpressionSyntax function => IsStatic(function.Modifiers),
        _ => false,
    };
}
